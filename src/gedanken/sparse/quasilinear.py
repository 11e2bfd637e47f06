"""Which atoms? A regression along a trajectory that is already about right.

Linearised there (quasilinearisation: Bellman & Kalaba, 1965), the whole simulation is linear in the coefficients of
every atom of every equation at once. One pass through the variational equation prices thousands of changes of structure
by the residual of the samples themselves, under their own noise, and says where to start the fit of each.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gedanken.sparse.library import Atom
from gedanken.sparse.smooth import interpolate
from gedanken.sparse.structure import REPEATED, Model, Structure, key_of, role, size_of
from gedanken.sparse.tying import simplify
from gedanken.sparse.weak import beam_search, explained_many
from gedanken.worlds.ode.fit import differentiate, simulate_pieces
from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.kernel.limits import MAX_PARAMS
from gedanken.worlds.ode.trajectory import Array

if TYPE_CHECKING:
    from gedanken.sparse.search import Library, Search

_NODES = 700  # of the variational equation, about, where the samples are fewer


@jit()
def propagate(t, A, drift, phi, rows, resets, kept, S, start, fixed):
    """Solve the variational equation for every forcing at once, by the trapezoidal rule.

    At nodes t (M,): A (M, n, n) is the Jacobian, phi (M, T) the atoms, drift (M, n) = what moves the reference of its
    own accord, less its known part. Column e*T + a answers a forcing by atom a in state rows[e]. At the nodes with
    resets[k] the state is free again. For kept nodes (m of them) S (m, n, E*T), start (m, n, n) and fixed (m, n) get
    the responses to the atoms, to a free start, and to the drift.
    """
    M, n = A.shape[0], A.shape[1]
    T, E = phi.shape[1], rows.size
    s = np.zeros((n, E * T))
    f = np.eye(n)
    g = np.zeros(n)
    B = np.empty((n, n))
    V = np.empty((n, n))
    column = np.empty(n)
    m = 0
    for k in range(M):
        if resets[k]:
            s[:] = 0.0
            f[:] = 0.0
            g[:] = 0.0
            for i in range(n):
                f[i, i] = 1.0
        elif k > 0:
            h = t[k] - t[k - 1]
            for i in range(n):
                for j in range(n):
                    V[i, j] = -0.5 * h * A[k, i, j]
                    B[i, j] = 0.5 * h * A[k - 1, i, j]
                V[i, i] += 1.0
                B[i, i] += 1.0
            V = np.linalg.inv(V)
            B = V @ B
            for q in range(E):
                r = rows[q]
                for a in range(T):
                    c = q * T + a
                    force = 0.5 * h * (phi[k - 1, a] + phi[k, a])
                    for i in range(n):
                        v = V[i, r] * force
                        for j in range(n):
                            v += B[i, j] * s[j, c]
                        column[i] = v
                    for i in range(n):
                        s[i, c] = column[i]
            f = B @ f
            g = B @ g + V @ drift[k]
        if kept[k]:
            S[m] = s
            start[m] = f
            fixed[m] = g
            m += 1


@dataclass(frozen=True)
class _Nodes:
    """Times that the variational equation is solved at: every sample, and steps between.

    Attributes:
        t: times of all segments, end to end.
        bounds: first node of each segment, and their number.
        kept: which nodes are samples.
    """

    t: Array
    bounds: np.ndarray
    kept: np.ndarray

    @classmethod
    def between(cls, t: Array, bounds: np.ndarray) -> "_Nodes":
        per = int(np.clip(round(_NODES / len(t)), 1, 8))
        times, kept = [], []
        for a, b in pairwise(bounds):
            steps = np.diff(t[a:b])[:, None] * np.arange(per) / per
            times.append(np.append((t[a : b - 1, None] + steps).ravel(), t[b - 1]))
            kept.append(np.arange(len(times[-1])) % per == 0)
        return cls(np.concatenate(times), np.cumsum([0] + [len(x) for x in times]), np.concatenate(kept))


def _reference(search: "Search", model: Model, nodes: _Nodes) -> Array:
    """The trajectory to linearise along: the model's own where it follows the record, the smoothed record elsewhere."""
    if search.explained(model) > 0.8:
        refined = model.refined
        x = simulate_pieces(model.program, refined.params, nodes.t, nodes.bounds, refined.starts, search.scale)
        if x is not None:
            return x
    pieces = []
    first = 0
    segments = search.record.segments(model.segments)
    for smoothed, end in zip(search.smoothed, search.record.bounds[1:], strict=True):
        last = int(nodes.bounds[np.searchsorted(segments, end)])
        pieces.append(interpolate(smoothed, search.states, nodes.t[first:last]))
        first = last
    return np.concatenate(pieces)


def _without_starts(design: Array, target: Array, start: Array, bounds: np.ndarray) -> tuple[Array, Array]:
    """Project the free start of each segment out of a regression: design (m, n, q), target (m, n), start (m, n, n)."""
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


class Quasilinear:
    """The simulation linearised along a reference, as a regression on every atom of every equation."""

    def __init__(self, search: "Search", model: Model, library: "Library"):
        self.search, self.atoms, self.pools = search, library.atoms, library.pools
        record, n, E = search.record, search.states.size, len(search.rows)
        nodes = _Nodes.between(record.t, record.segments(model.segments))
        x = _reference(search, model, nodes)
        rhs, jacobian, by_param = differentiate(model.program, nodes.t, x, model.refined.params)
        # Forcings: the library, and for each term of the model with constants of its own their derivatives.
        forcing = [library.columns(nodes.t, x)]
        own_terms: list[tuple[int, int, Atom]] = []
        at = 0
        for e, terms in enumerate(model.structure):
            for k, atom in enumerate(terms):
                if atom.inner:
                    own_terms.append((e, k, atom))
                    forcing.append(by_param[:, search.rows[e], at : at + 1 + len(atom.inner)])
                at += 1 + len(atom.inner)
        phi = np.concatenate(forcing, axis=1)
        usable = np.isfinite(phi).all(0)
        phi = np.ascontiguousarray(np.where(usable, phi, 0.0))
        T, m = phi.shape[1], len(record.t)
        known = rhs.copy()
        known[:, search.rows] = 0.0
        drift = np.zeros_like(x)
        drift[1:] = 0.5 * np.diff(nodes.t)[:, None] * (known[1:] + known[:-1]) - np.diff(x, axis=0)
        resets = np.zeros(len(nodes.t), bool)
        resets[nodes.bounds[:-1]] = True
        response, start, fixed = np.empty((m, n, E * T)), np.empty((m, n, n)), np.empty((m, n))
        jacobian = np.where(np.isfinite(jacobian), jacobian, 0.0)
        rows = np.array(search.rows, np.int64)
        propagate(nodes.t, jacobian, drift, phi, rows, resets, nodes.kept, response, start, fixed)
        with np.errstate(all="ignore"):
            response *= record.weights[:, :, None]
            start *= record.weights[:, :, None]
            target = (record.y - x[nodes.kept] - fixed) * record.weights
            before = np.sqrt((response**2).sum((0, 1)))
            design, left = _without_starts(response, target, start, record.segments(model.segments))
            norm = np.sqrt((design**2).sum(0))
            good = np.isfinite(norm) & (norm > 1e-6 * before) & np.tile(usable, E) & (norm > 1e-9)
        self.norm = np.where(good, norm, 1.0)
        unit = np.where(good, design, 0.0) / self.norm
        self.G, self.h = unit.T @ unit, unit.T @ left
        self.total = float(left @ left)
        self._group(model, own_terms, good, T)

    def _group(self, model: Model, own_terms: list[tuple[int, int, Atom]], good: np.ndarray, T: int) -> None:
        """What can be added or dropped as one.

        An atom of the library is one column; a term of the model with constants of its own brings their derivatives.
        """
        self.groups: list[tuple[int, Atom, tuple[int, ...]]] = []
        place: dict[tuple[int, str], int] = {}
        for e in range(len(model.structure)):
            for k in self._variants(e, T, good, model):
                place[e, self.atoms[k].name] = len(self.groups)
                self.groups.append((e, self.atoms[k], (e * T + k,)))
        special = {}
        at = len(self.atoms)
        for e, k, atom in own_terms:
            columns = [e * T + at + q for q in range(1 + len(atom.inner))]
            at += len(columns)
            if good[columns[0]]:
                special[e, k] = len(self.groups)
                self.groups.append((e, atom, (columns[0], *(c for c in columns[1:] if good[c]))))
        current = [
            special.get((e, k), place.get((e, atom.name)))
            for e, terms in enumerate(model.structure)
            for k, atom in enumerate(terms)
        ]
        self.current = tuple(sorted(g for g in current if g is not None))
        self.names = [(e, atom.name) for e, atom, _ in self.groups]

    def _variants(self, e: int, T: int, good: np.ndarray, model: Model) -> list[int]:
        """One atom for each name.

        Of those that differ in the starting values of their constants: the one that would explain most next to the
        current terms.
        """
        by_name: dict[str, list[int]] = {}
        for k, atom in enumerate(self.atoms):
            if good[e * T + k]:
                by_name.setdefault(atom.name, []).append(k)
        first = {atom.name: k for k, atom in reversed(list(enumerate(self.atoms)))}
        held = [
            row * T + first[atom.name]
            for row, terms in enumerate(model.structure)
            for atom in terms
            if not atom.inner and atom.name in first and good[row * T + first[atom.name]]
        ]
        base = np.array(held, np.int64)
        cols = np.array([e * T + k for ks in by_name.values() for k in ks], np.int64)
        gain = self.h[cols] ** 2
        if base.size:
            solved = np.linalg.lstsq(self.G[np.ix_(base, base)], self.G[np.ix_(base, cols)], rcond=1e-9)[0]
            left = self.h[cols] - self.h[base] @ solved
            gain = left**2 / np.maximum(1.0 - (self.G[np.ix_(base, cols)] * solved).sum(0), 1e-6)
        value = dict(zip((cols - e * T).tolist(), gain.tolist(), strict=True))
        return [max(ks, key=lambda k: value[k]) for ks in by_name.values()]

    def scores(self, subsets: list[tuple[int, ...]], exact: int = 300) -> Array:
        """The criterion that each subset of groups should reach; a rough one for all but the most promising."""
        search = self.search
        lists = [[c for g in subset for c in self.groups[g][2]] for subset in subsets]
        sizes = np.array([len(c) for c in lists], np.int64)
        padded = np.zeros((len(lists), max(1, int(sizes.max(initial=0)))), np.int64)
        for k, c in enumerate(lists):
            padded[k, : len(c)] = c
        gain = np.empty(len(lists))
        explained_many(self.G, self.h, padded, sizes, gain)
        N = search.total
        rss = np.maximum(self.total - np.maximum(gain, 0.0), 0.0) + float(search.floor.sum())
        misfit = N * np.log(rss / N)
        price = [REPEATED * atom.cost + (1 + len(atom.inner)) * math.log(N) for _, atom, _ in self.groups]
        rough = misfit + np.array([sum(price[g] for g in subset) for subset in subsets])
        rough[(gain < 0) & (sizes > 0)] = np.inf
        out = np.where(np.isfinite(rough), rough + 1e6, np.inf)
        for k in np.argsort(rough)[:exact]:
            if not np.isfinite(rough[k]):
                break
            structure = self._structure(subsets[k])
            small = size_of(structure) <= MAX_PARAMS and max(len(terms) for terms in structure) <= 6
            out[k] = misfit[k] + search.penalty(structure) if small else np.inf
        return out

    def _structure(self, subset: tuple[int, ...]) -> list[list[Atom]]:
        structure: list[list[Atom]] = [[] for _ in self.search.rows]
        for g in subset:
            structure[self.groups[g][0]].append(self.groups[g][1])
        return structure

    def _moves(self, subset: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
        taken = {self.names[g] for g in subset}
        for g in subset:
            rest = tuple(x for x in subset if x != g)
            yield rest
            for other in range(len(self.groups)):
                if self.groups[other][0] == self.groups[g][0] and self.names[other] not in taken:
                    yield tuple(sorted((*rest, other)))
        for other in range(len(self.groups)):
            if self.names[other] not in taken:
                yield tuple(sorted((*subset, other)))

    def _whole_sides(self) -> list[tuple[int, ...]]:
        """For each equation the best right-hand sides of every size, the others keeping their terms."""
        out = []
        place = {name: g for g, name in reversed(list(enumerate(self.names)))}
        for e in range(len(self.search.rows)):
            rest = [g for g in self.current if self.groups[g][0] != e]
            for p in self.pools[e][:12]:
                wanted = [place.get((e, atom.name)) for atom in p.atoms]
                if None not in wanted:
                    out.append(tuple(sorted([*rest, *(g for g in wanted if g is not None)])))
            base = [c for g in rest for c in self.groups[g][2]]
            own = [g for g, (equation, _, cols) in enumerate(self.groups) if equation == e and len(cols) == 1]
            cols = [self.groups[g][2][0] for g in own]
            G, h = self.G[np.ix_(cols, cols)], self.h[cols]
            if base:  # what is left when the other equations may adjust
                cross = self.G[np.ix_(base, cols)]
                solved = np.linalg.lstsq(
                    self.G[np.ix_(base, base)], np.column_stack([cross, self.h[base]]), rcond=1e-9
                )[0]
                G, h = G - cross.T @ solved[:, :-1], h - cross.T @ solved[:, -1]
            scale = np.sqrt(np.maximum(np.diag(G), 1e-12))
            labels: dict[str, int] = {}
            identity = np.array([labels.setdefault(self.names[g][1], len(labels)) for g in own], np.int64)
            subsets, gain = beam_search(G / np.outer(scale, scale), h / scale, identity, min(5, len(labels)), 30)
            for size in range(subsets.shape[0]):
                for rank in range(12):
                    if gain[size, rank] >= 0:
                        out.append(tuple(sorted([*rest, *(own[k] for k in subsets[size, rank, : size + 1])])))
        return out

    def neighbours(self) -> list[tuple[Structure, list[list[float]], float]]:
        """Structures in the order of the criterion that they should reach, with starting coefficients."""
        found: dict[tuple[int, ...], float] = {}
        front = [self.current]
        front += self._whole_sides()
        front = list(dict.fromkeys(front))
        found.update(zip(front, self.scores(front), strict=True))
        front = [self.current]
        for width in (8, 4, 0):
            fresh = list(dict.fromkeys(m for subset in front for m in self._moves(subset) if m not in found))
            found.update(zip(fresh, self.scores(fresh), strict=True))
            if not width:
                break
            front = sorted(found, key=lambda s: found[s])[:width]
        out = []
        keys = set()
        for subset in sorted(found, key=lambda s: found[s])[:80]:
            if not math.isfinite(found[subset]):
                break
            structure, coefficients, saving = self._solution(subset)
            key = key_of(structure)
            if key not in keys:
                keys.add(key)
                out.append((structure, coefficients, found[subset] - saving))
        return sorted(out, key=lambda row: row[2])

    def _solution(self, subset: tuple[int, ...]) -> tuple[Structure, list[list[float]], float]:
        """Structure and coefficients of a subset, and what its shared and unit constants save."""
        cols = [c for g in subset for c in self.groups[g][2]]
        E = len(self.search.rows)
        structure: list[list[Atom]] = [[] for _ in range(E)]
        coefficients: list[list[float]] = [[] for _ in range(E)]
        saving = 0.0
        if cols:
            gram = self.G[np.ix_(cols, cols)]
            scaled = np.linalg.lstsq(gram, self.h[cols], rcond=1e-12)[0]
            solution = scaled / self.norm[cols]
            left = max(self.total - float(scaled @ self.h[cols]), 1e-12) / self.search.total
            first = [k == 0 for g in subset for k in range(len(self.groups[g][2]))]
            homes = self.search.homes
            names = [
                (f"{self.groups[g][1].name} {k}", f"{role(self.groups[g][1].name, self.groups[g][0], homes)} {k}")
                for g in subset
                for k in range(len(self.groups[g][2]))
            ]
            information = gram * np.outer(self.norm[cols], self.norm[cols])
            saving = simplify(
                solution, information, np.array(first, bool), names, self.search.total, left, self.search.unit
            ).saving
        at = 0
        for g in subset:
            e, atom, own = self.groups[g]
            structure[e].append(atom)
            coefficients[e].append(float(solution[at]))
            if len(own) == 1 + len(atom.inner) and atom.inner:
                moved = []
                for k, value in enumerate(atom.inner):
                    step = float(solution[at + 1 + k])
                    moved.append(value + float(np.clip(step, -0.5 * abs(value), 0.5 * abs(value))))
                structure[e][-1] = replace(atom, inner=tuple(moved))
            at += len(own)
        return tuple(tuple(terms) for terms in structure), coefficients, saving
