"""Fit an equation's parameters and starts to records, by least squares through the simulator.

`fit` is the whole of it for any equation in the grammar. `Record`, `Program` and `refine` are its parts, for a search
that fits thousands of equations to the same samples.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gedanken.errors import Unanswerable, UserError
from gedanken.worlds.ode import fit_kernels, kernels
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

# Segments and iterations of each phase. Short pieces first: there a wrong frequency cannot run out of phase, which is
# what makes single shooting from a poor guess end in a false minimum. A longer piece starts where its first half did.
SCHEDULE = ((32, 6), (16, 6), (8, 6), (4, 8), (2, 10), (1, 25))
EVALUATIONS = 6_000  # right-hand sides a segment; a candidate that needs more than this over a record is hopeless
_RTOL = 1e-6
_ATOL = 1e-7  # of each column's spread


@dataclass(frozen=True, slots=True)
class Program:
    """An equation as registers and instructions, with its parameters still open."""

    code: np.ndarray
    operations: int
    registers: Array
    outputs: np.ndarray
    states: int
    names: tuple[str, ...]


class Compiler:
    """Texts over one state space to programs."""

    def __init__(self, states: StateSpace):
        symbols = [(i, name) for i, name in enumerate(states.columns)]
        symbols += [(states.columns.index(velocity), alias) for alias, velocity in states.aliases.items()]
        symbols.append((states.size, "t"))
        velocity = [255 if v is None else v for v in states.derivative_of]
        packed = bytearray([states.size, len(symbols), *velocity])
        for register, name in symbols:
            packed += bytes([register, len(name)]) + name.encode("ascii")
        self.states = states
        self._symbols = np.frombuffer(bytes(packed), np.uint8)
        self._work = np.zeros(512, np.int64)

    def __call__(self, equation: str, names: Sequence[str] = ()) -> Program:
        """Compile an equation.

        Raises:
            Unanswerable: the text is not in the grammar.
        """
        code, registers = np.zeros(kernels.MAX_OPS, np.int64), np.zeros(kernels.NREG)
        outputs, counts = np.zeros(kernels.MAX_STATE, np.int64), np.zeros(4, np.int64)
        text = np.frombuffer(equation.encode("ascii", "replace"), np.uint8)
        declared = np.frombuffer("\0".join(names).encode("ascii"), np.uint8)
        status = kernels._parse(
            text, 0, text.size, declared, 0, declared.size, np.ones(len(names)), self._symbols, False, code, registers,
            outputs, counts, self._work,
        )  # fmt: skip
        if status != kernels.OK:
            raise Unanswerable(f"the equation {equation!r} cannot be compiled (status {status})")
        return Program(code, int(counts[0]), registers, outputs, self.states.size, tuple(names))


@dataclass(frozen=True)
class Record:
    """The samples of all trajectories, end to end, and how much each counts.

    Attributes:
        t: sample times, shape (M,).
        y: samples, 0 where missing, shape (M, n).
        weights: 1 / noise, 0 where missing, shape (M, n).
        bounds: first sample of each trajectory, and M.
        guess: a smooth estimate of the state at each sample, where segments start from, shape (M, n).
        scale: spread of each column, shape (n,).
    """

    t: Array
    y: Array
    weights: Array
    bounds: np.ndarray
    guess: Array
    scale: Array
    _segments: dict[int, np.ndarray] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        trajectories: Sequence[Trajectory],
        sigma: Sequence[Array] | None = None,
        guess: Sequence[Array] | None = None,
    ) -> "Record":
        """Lay trajectories end to end.

        Args:
            trajectories: the samples, NaN where missing.
            sigma: noise of each sample, shapes (m, n), `inf` to leave one out; a hundredth of the spread by default.
            guess: smooth estimates of the states; by default the samples themselves, with gaps bridged by lines and an
                unobserved velocity from differences.
        """
        values = np.concatenate([trajectory.values for trajectory in trajectories])
        seen = np.isfinite(values)
        estimate = np.concatenate(guess if guess is not None else [_bridge(trajectory) for trajectory in trajectories])
        scale = np.array([_spread(values[seen[:, i], i], estimate[:, i]) for i in range(values.shape[1])])
        noise = np.concatenate(sigma) if sigma is not None else np.broadcast_to(0.01 * scale, values.shape)
        return cls(
            np.concatenate([trajectory.t for trajectory in trajectories]),
            np.where(seen, values, 0.0),
            np.where(seen, 1.0 / noise, 0.0),
            np.cumsum([0] + [len(trajectory.t) for trajectory in trajectories]),
            np.ascontiguousarray(estimate),
            scale,
        )

    def segments(self, count: int) -> np.ndarray:
        """Bounds of about `count` segments a trajectory, none shorter than four samples unless its record is."""
        if count not in self._segments:
            cuts = [0]
            for a, b in zip(self.bounds[:-1], self.bounds[1:], strict=True):
                pieces = max(1, min(count, int(b - a) // 4))
                cuts += [int(c) for c in np.linspace(a, b, pieces + 1)[1:].round()]
            self._segments[count] = np.array(cuts, np.int64)
        return self._segments[count]

    def carry(self, starts: Array, fine: int, coarse: int) -> Array:
        """Starts of `coarse` segments, from those of the `fine` that begin there or next after."""
        begin = self.segments(coarse)[:-1]
        return starts[np.clip(np.searchsorted(self.segments(fine), begin), 0, len(starts) - 1)]


def _spread(seen: Array, estimate: Array) -> float:
    column = seen if len(seen) >= 2 else estimate
    spread = float(column.std())
    return (
        spread
        if spread > 1e-12 * float(np.abs(column).max(initial=1e-300))
        else max(float(np.abs(column).max(initial=0.0)), 1.0)
    )


def _bridge(trajectory: Trajectory) -> Array:
    out = trajectory.values.copy()
    for i in range(out.shape[1]):
        seen = np.isfinite(out[:, i])
        if seen.any():
            out[:, i] = np.interp(trajectory.t, trajectory.t[seen], out[seen, i])
        else:  # columns are position, velocity, ...: the velocity of the column before
            out[:, i] = np.gradient(out[:, i - 1], trajectory.t) if i > 0 else 0.0
    return out


@dataclass(frozen=True, slots=True)
class Refined:
    """Where a refinement ended.

    Attributes:
        params: parameter values, in the order of the program's names.
        starts: state at the first sample of each segment, shape (segments, n).
        predicted: simulated states at the samples, shape (M, n).
        chi2: weighted sum of squares.
        information: information matrix of the parameters, starts eliminated, in units of the weights.
        runs: simulations of the record with tangents.
    """

    params: Array
    starts: Array
    predicted: Array
    chi2: float
    information: Array
    runs: int


def refine(
    program: Program,
    params: Array,
    record: Record,
    *,
    segments: int = 1,
    iterations: int = 20,
    free_starts: bool = True,
    starts: Array | None = None,
    tolerance: float = 1e-5,
    rtol: float = _RTOL,
    weights: Array | None = None,
) -> Refined | None:
    """Least squares from one starting point; None when not even that can be simulated over the record."""
    bounds = record.segments(segments)
    p = np.array(params, np.float64)
    first = np.array(record.guess[bounds[:-1]] if starts is None else starts, np.float64)
    predicted = np.empty_like(record.y)
    information = np.empty((p.size, p.size))
    info = np.zeros(8, np.int64)
    status, chi2, runs = fit_kernels.levenberg_marquardt(
        program.code, program.operations, program.registers, program.states, program.outputs, p, record.t, record.y,
        record.weights if weights is None else weights, bounds, first, free_starts, record.scale, rtol, _ATOL,
        EVALUATIONS, iterations, tolerance, predicted, information, info,
    )  # fmt: skip
    if status != kernels.OK or not math.isfinite(chi2):
        return None
    return Refined(p, first, predicted, float(chi2), information, int(runs))


def simulate_pieces(
    program: Program, params: Array, t: Array, bounds: np.ndarray, starts: Array, scale: Array
) -> Array | None:
    """States at times t (m,) of pieces bounds[s] <= k < bounds[s + 1], each from its own start; None on failure."""
    out = np.empty((t.size, program.states))
    info = np.zeros(8, np.int64)
    status = fit_kernels.shoot(
        program.code, program.operations, program.registers, program.states, program.outputs, params, t, bounds, starts,
        0, scale, _RTOL, _ATOL, EVALUATIONS, out, np.empty((t.size, program.states, 0)), info,
    )  # fmt: skip
    return out if status == kernels.OK else None


def evaluate(program: Program, t: Array, x: Array, params: Array | None = None) -> Array:
    """Right-hand sides at times t (m,) and states x (m, n), shape (m, n)."""
    registers = program.registers
    if params is not None and len(params):
        registers = registers.copy()
        registers[program.states + 1 : program.states + 1 + len(params)] = params
    out = np.empty_like(x)
    fit_kernels.evaluate_rows(program.code, program.operations, registers, program.states, program.outputs, t, x, out)
    return out


def differentiate(program: Program, t: Array, x: Array, params: Array) -> tuple[Array, Array, Array]:
    """Right-hand sides (m, n), their derivatives by the states (m, n, n) and by the parameters (m, n, p)."""
    m, n = x.shape
    out, by_state, by_param = np.empty((m, n)), np.empty((m, n, n)), np.empty((m, n, params.size))
    fit_kernels.differentiate_rows(
        program.code, program.operations, program.registers, n, program.outputs, params, t, x, out, by_state, by_param
    )
    return out, by_state, by_param


@dataclass(frozen=True)
class Fit:
    """An equation fitted to records.

    Attributes:
        equation: the text that was fitted.
        params: the best parameter values.
        standard_errors: one standard deviation of each, `inf` where the records do not determine it.
        covariance: of the parameters, in their order, shape (p, p).
        initials: fitted state at the first sample of each trajectory, shape (n,) each.
        predicted: simulated states at the samples of each trajectory, shape (m, n) each.
        rss: sum of squared residuals of each column, shape (n,).
        r2: coefficient of determination of each column, NaN where it was not observed, shape (n,).
        segments: pieces each trajectory was cut into; more than one when no single start follows the whole record.
        status: `fitted`, or why not.
    """

    equation: str
    params: Mapping[str, float]
    standard_errors: Mapping[str, float]
    covariance: Array
    initials: tuple[Array, ...]
    predicted: tuple[Array, ...]
    rss: Array
    r2: Array
    segments: int
    status: str


def covariance_of(information: Array) -> Array:
    """Inverse of an information matrix; a direction without information gets an infinite variance."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    lost = values < 1e-10
    inverse = (vectors / np.where(lost, 1.0, values)) @ vectors.T
    if lost.any():
        undetermined = (vectors[:, lost] ** 2).sum(1) > 1e-6
        inverse[undetermined, undetermined] = np.inf
    return np.asarray(inverse / np.outer(scale, scale))


def fit(
    equation: str,
    params: Mapping[str, float],
    states: StateSpace,
    trajectories: Sequence[Trajectory],
    *,
    sigma: Sequence[Array] | None = None,
    guess: Sequence[Array] | None = None,
    schedule: Sequence[tuple[int, int]] = SCHEDULE,
) -> Fit:
    """Fit the parameters of an equation, shared by all trajectories, and the start of each.

    The noise level of each column is estimated from the residuals, so `sigma` matters only for how samples of one
    column compare. Where no single start can be followed through the whole record (chaos), the fit on segments with
    free starts is returned and `segments` says so.

    Args:
        equation: a law in the grammar.
        params: starting values, within a factor of a few.
        states: the state variables.
        trajectories: the records; NaN marks what was not observed.
        sigma: noise of each sample, up to a factor for each column; even noise by default.
        guess: smooth estimates of the states at the samples, for the segments to start from.
        schedule: segments and iterations of each phase.

    Raises:
        Unanswerable: the equation is not in the grammar.
        UserError: nothing was observed.
    """
    if not any(np.isfinite(trajectory.values).any() for trajectory in trajectories):
        raise UserError("there are no samples to fit to")
    program = Compiler(states)(equation, tuple(params))
    record = Record.of(trajectories, sigma, guess)
    p = np.array([float(value) for value in params.values()])
    done: Refined | None = None
    pieces = 0
    least = math.inf
    for count, iterations in schedule:
        starts = None if done is None else record.carry(done.starts, pieces, count)
        result = refine(program, p, record, segments=count, iterations=iterations, starts=starts)
        if result is None or _lost(result.chi2, least, record):
            continue
        done, pieces, p, least = result, count, result.params, min(least, result.chi2)
    if done is not None:
        # The last word: noise of each column from its own residuals, tight tolerances.
        for _ in range(2):
            weights = record.weights / np.maximum(_rms(done, record), 1e-6)
            last = refine(
                program, done.params, record, segments=pieces, starts=done.starts, weights=weights, tolerance=1e-9,
                rtol=1e-8,
            )  # fmt: skip
            if last is None:
                break
            done = last
    observed = record.weights > 0
    empty = np.full(states.size, np.nan)
    if done is None:
        nothing = {name: math.inf for name in params}
        return Fit(
            equation, dict(params), nothing, np.full((p.size, p.size), np.inf), tuple(empty for _ in trajectories),
            tuple(np.full_like(trajectory.values, np.nan) for trajectory in trajectories), empty, empty, 0,
            "the equation cannot be simulated over the record from any parameters that were tried",
        )  # fmt: skip
    residual = np.where(observed, done.predicted - record.y, 0.0)
    rss = (residual**2).sum(0)
    mean = np.where(observed, record.y, 0.0).sum(0) / np.maximum(observed.sum(0), 1)
    total = (np.where(observed, record.y - mean, 0.0) ** 2).sum(0)
    covariance = covariance_of(done.information)
    bounds = record.segments(pieces)
    firsts = [int(np.searchsorted(bounds, a, side="right")) - 1 for a in record.bounds[:-1]]
    return Fit(
        equation,
        dict(zip(params, done.params.tolist(), strict=True)),
        dict(zip(params, np.sqrt(np.diag(covariance)).tolist(), strict=True)),
        covariance,
        tuple(done.starts[k] for k in firsts),
        tuple(done.predicted[a:b] for a, b in zip(record.bounds[:-1], record.bounds[1:], strict=True)),
        rss,
        np.where(total > 0, 1.0 - rss / np.where(total > 0, total, 1.0), np.nan),
        pieces,
        "fitted",
    )


def _lost(chi2: float, least: float, record: Record) -> bool:
    """Whether a fit leaves a fifth or more of what varies, where shorter pieces did far better."""
    observed = record.weights > 0
    mean = np.where(observed, record.y, 0.0).sum(0) / np.maximum(observed.sum(0), 1)
    total = (((record.y - mean) * record.weights) ** 2).sum()
    return bool(chi2 > 0.2 * total and chi2 > 4 * least)


def _rms(done: Refined, record: Record) -> Array:
    """Root mean square of the weighted residuals of each column, shape (n,)."""
    residual = (done.predicted - record.y) * record.weights
    return np.asarray(np.sqrt((residual**2).sum(0) / np.maximum((record.weights > 0).sum(0), 1)))
