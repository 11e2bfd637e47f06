"""Linearise the simulation of a law along a reference trajectory.

Linearised there (quasilinearisation: Bellman & Kalaba, 1965), the simulated samples are linear in the coefficients of
every atom of every equation at once. One pass through the variational equation gives the response to all of them.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gedanken.sparse.criterion import Criterion
from gedanken.sparse.library import Atom
from gedanken.sparse.smooth import interpolate
from gedanken.sparse.structure import Model
from gedanken.sparse.weak import Columns, HeldTerms
from gedanken.worlds.ode.fit import differentiate, simulate_pieces
from gedanken.worlds.ode.trajectory import Array

_NODES = 700  # nodes of the variational equation, about, where there are fewer samples


def propagate(
    t: Array, A: Array, drift: Array, phi: Array, rows: np.ndarray, resets: np.ndarray, kept: np.ndarray
) -> tuple[Array, Array, Array]:
    """Solve the variational equation for every forcing at once, by the trapezoidal rule.

    Args:
        t: times of the nodes, shape (M,).
        A: Jacobian at the nodes, shape (M, n, n).
        drift: integral of the known derivatives over the step before, less the change of the reference, shape (M, n).
        phi: values of the atoms, shape (M, T).
        rows: the state whose derivative each equation gives, shape (E,).
        resets: nodes at which a new piece begins, with a free start.
        kept: the m nodes that are samples.

    Returns:
        At the kept nodes: the responses to the atoms (m, n, E*T), with column e*T + a for atom a in equation e; the
        responses to the start of the piece (m, n, n); the response to the drift (m, n).
    """
    n, T, E = A.shape[1], phi.shape[1], len(rows)
    h = np.append(0.0, np.diff(t))
    identity = np.eye(n)
    # x[k] = V[k] (x[k-1] + h/2 A[k-1] x[k-1] + force), with V = (1 - h/2 A[k])^-1.
    V = np.linalg.inv(identity - 0.5 * h[:, None, None] * A)
    B = V.copy()
    B[1:] = V[1:] @ (identity + 0.5 * h[1:, None, None] * A[:-1])
    pushed = np.einsum("kij,kj->ki", V, drift)
    force = np.zeros_like(phi)
    force[1:] = 0.5 * h[1:, None] * (phi[1:] + phi[:-1])
    # One state matrix: the responses to the atoms, to the start and to the drift are columns of it.
    state = np.zeros((n, E * T + n + 1))
    first, last = slice(E * T, E * T + n), E * T + n
    out = np.empty((int(kept.sum()), n, E * T + n + 1))
    m = 0
    for k in range(len(t)):
        if resets[k]:
            state[:] = 0.0
            state[:, first] = identity
        elif k > 0:
            state = B[k] @ state
            for e, row in enumerate(rows):
                state[:, e * T : (e + 1) * T] += V[k, :, row, None] * force[k]
            state[:, last] += pushed[k]
        if kept[k]:
            out[m] = state
            m += 1
    return out[:, :, : E * T], out[:, :, first], out[:, :, last]


@dataclass(frozen=True)
class Nodes:
    """Times at which the variational equation is solved: every sample, and up to seven between two samples.

    Attributes:
        t: times of all segments, end to end.
        bounds: first node of each segment, and the number of nodes.
        kept: True where a node is a sample.
    """

    t: Array
    bounds: np.ndarray
    kept: np.ndarray

    @classmethod
    def between(cls, t: Array, bounds: np.ndarray) -> "Nodes":
        """Nodes for samples at t (m,) in segments with these bounds."""
        per = int(np.clip(round(_NODES / len(t)), 1, 8))
        times, kept = [], []
        for a, b in pairwise(bounds):
            steps = np.diff(t[a:b])[:, None] * np.arange(per) / per
            times.append(np.append((t[a : b - 1, None] + steps).ravel(), t[b - 1]))
            kept.append(np.arange(len(times[-1])) % per == 0)
        return cls(np.concatenate(times), np.cumsum([0] + [len(x) for x in times]), np.concatenate(kept))


@dataclass(frozen=True)
class Linearised:
    """The simulation, linearised: residuals of the samples as a linear regression on the terms of all equations.

    The columns are E blocks of T, one block an equation. The first T0 columns of a block are the atoms of the library;
    then come, for each term of the model that has inner constants, the derivatives by its coefficient and by these
    constants. Columns are scaled to norm one, and the starts of all pieces are projected out.

    Attributes:
        width: T.
        own_terms: (equation, position in it, atom) of each term of the model that has inner constants.
        usable: columns that are finite and not explained by the starts alone, shape (E*T,).
        norm: norm of each column before scaling, shape (E*T,).
        gram: Gram matrix of the scaled columns, shape (E*T, E*T).
        products: their products with the target, shape (E*T,).
        total: sum of squares of the target.
    """

    width: int
    own_terms: list[tuple[int, int, Atom]]
    usable: np.ndarray
    norm: Array
    gram: Array
    products: Array
    total: float


def linearise(criterion: Criterion, model: Model, columns: Columns) -> Linearised:
    """Linearise the simulation of a model, with a library's atoms (`columns`) as additional forces."""
    record, targets = criterion.record, criterion.targets
    segments = record.segments(model.segments)
    nodes = Nodes.between(record.t, segments)
    x = _reference(criterion, model, nodes)
    u = _inputs(criterion, nodes)
    rhs, jacobian, by_param = differentiate(model.program, nodes.t, x, model.refined.params, u)
    forcing = [columns(nodes.t, x, u)]
    own_terms: list[tuple[int, int, Atom]] = []
    at = 0
    for e, terms in enumerate(model.structure):
        for k, atom in enumerate(terms):
            if atom.inner:
                own_terms.append((e, k, atom))
                forcing.append(by_param[:, targets[e], at : at + 1 + len(atom.inner)])
            at += 1 + len(atom.inner)
    phi = np.concatenate(forcing, axis=1)
    finite = np.isfinite(phi).all(0)
    phi = np.ascontiguousarray(np.where(finite, phi, 0.0))
    width, equations = phi.shape[1], len(targets)
    known = rhs.copy()
    known[:, targets] = HeldTerms(criterion.given, criterion.states, len(targets))(nodes.t, x, u)
    drift = np.zeros_like(x)
    drift[1:] = 0.5 * np.diff(nodes.t)[:, None] * (known[1:] + known[:-1]) - np.diff(x, axis=0)
    resets = np.zeros(len(nodes.t), bool)
    resets[nodes.bounds[:-1]] = True
    jacobian = np.where(np.isfinite(jacobian), jacobian, 0.0)
    response, start, fixed = propagate(nodes.t, jacobian, drift, phi, np.array(targets), resets, nodes.kept)
    with np.errstate(all="ignore"):
        response = response * record.weights[:, :, None]
        start = start * record.weights[:, :, None]
        target = (record.y - x[nodes.kept] - fixed) * record.weights
        before = np.sqrt((response**2).sum((0, 1)))
        design, left = _without_starts(response, target, start, segments)
        norm = np.sqrt((design**2).sum(0))
        usable = np.isfinite(norm) & (norm > 1e-6 * before) & np.tile(finite, equations) & (norm > 1e-9)
    norm = np.where(usable, norm, 1.0)
    unit = np.where(usable, design, 0.0) / norm
    return Linearised(width, own_terms, usable, norm, unit.T @ unit, unit.T @ left, float(left @ left))


def _inputs(criterion: Criterion, nodes: Nodes) -> Array | None:
    """The inputs at the nodes, shape (M, k); None for a system that has none."""
    if not criterion.states.inputs:
        return None
    first = np.searchsorted(np.flatnonzero(nodes.kept), nodes.bounds[:-1])  # sample with which each segment begins
    trials = np.searchsorted(criterion.record.bounds, first, side="right") - 1
    pieces = zip(trials, pairwise(nodes.bounds), strict=True)
    drives = [trajectory.drive for trajectory in criterion.trajectories]
    return np.concatenate([drives[k].at(nodes.t[a:b]) for k, (a, b) in pieces])


def _reference(criterion: Criterion, model: Model, nodes: Nodes) -> Array:
    """The trajectory to linearise along, at the nodes.

    The model's own if it explains more than 80 % of the record's variance, otherwise the smoothed record.
    """
    if criterion.explained(model) > 0.8:
        refined = model.refined
        x = simulate_pieces(
            model.program, refined.params, nodes.t, nodes.bounds, refined.starts, criterion.scale,
            criterion.record.drives, criterion.record.trials(criterion.record.segments(model.segments)),
        )  # fmt: skip
        if x is not None:
            return x
    pieces = []
    first = 0
    segments = criterion.record.segments(model.segments)
    for smoothed, end in zip(criterion.smoothed, criterion.record.bounds[1:], strict=True):
        last = int(nodes.bounds[np.searchsorted(segments, end)])
        pieces.append(interpolate(smoothed, criterion.states, nodes.t[first:last]))
        first = last
    return np.concatenate(pieces)


def _without_starts(design: Array, target: Array, start: Array, bounds: np.ndarray) -> tuple[Array, Array]:
    """Project the responses start (m, n, n) to the start of each segment out of design (m, n, q) and target (m, n).

    Returns the design (m*n, q) and the target (m*n,) that are left.
    """
    m, n, q = design.shape
    rows, left = np.empty((m * n, q)), np.empty(m * n)
    for a, b in pairwise(bounds):
        free = start[a:b].reshape(-1, n)
        free = free[:, np.abs(free).max(0) > 1e-12]
        basis = np.linalg.qr(free)[0] if np.isfinite(free).all() else np.zeros((len(free), 0))
        block, out = design[a:b].reshape(-1, q), target[a:b].ravel()
        rows[a * n : b * n] = block - basis @ (basis.T @ block)
        left[a * n : b * n] = out - basis @ (basis.T @ out)
    return rows, left
