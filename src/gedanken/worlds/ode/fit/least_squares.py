"""Fit an equation's parameters and starts to records, by least squares through the simulator."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.errors import UserError
from gedanken.worlds.ode.fit import kernels
from gedanken.worlds.ode.fit.program import ATOL, EVALUATIONS, RTOL, Compiler, Program
from gedanken.worlds.ode.fit.records import Record
from gedanken.worlds.ode.kernel.status import OK
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory, r_squared

# Segments and iterations of each phase. Short segments come first: a solution with a wrong frequency cannot run out of
# phase within them, which is what leads single shooting from a poor guess to a false minimum.
SCHEDULE = ((32, 6), (16, 6), (8, 6), (4, 8), (2, 10), (1, 25))
# Eigenvalue of the information matrix, scaled to a unit diagonal, below which a direction counts as undetermined.
NO_INFORMATION = 1e-10
KNOWN = 1e200  # information about a parameter whose value is given


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
    rtol: float = RTOL,
    weights: Array | None = None,
    limits: tuple[Array, Array] | None = None,
) -> Refined | None:
    """Weighted least squares from one starting point by Levenberg-Marquardt.

    Args:
        program: the equation.
        params: where to begin, shape (p,).
        record: the samples.
        segments: pieces that each trajectory is cut into, each with a start of its own.
        iterations: at most so many simulations of the record.
        free_starts: fit the starts as well; else they stay.
        starts: where the starts begin, shape (segments, n); by default the record's guess.
        tolerance: relative decrease of the sum of squares below which the fit ends.
        rtol: relative error of an integration step.
        weights: in place of the record's, shape (M, n).
        limits: lowest and highest value of each parameter, shape (p,) each; none by default. A parameter whose limits
            are equal is held there, and its row of the information says that it is known.

    Returns:
        The best point, or None when the starting point cannot be simulated over the record.
    """
    bounds = record.segments(segments)
    p = np.array(params, np.float64)
    lower, upper = limits if limits is not None else (np.full(p.size, -np.inf), np.full(p.size, np.inf))
    p = np.clip(p, lower, upper)
    first = np.array(record.guess[bounds[:-1]] if starts is None else starts, np.float64)
    predicted = np.empty_like(record.y)
    information = np.empty((p.size, p.size))
    info = np.zeros(kernels.INFO, np.int64)
    status, chi2, runs = kernels.levenberg_marquardt(  # type: ignore[no-untyped-call]
        program.code, program.operations, program.registers, program.states, program.outputs, p, record.t, record.y,
        record.weights if weights is None else weights, bounds, first, free_starts, record.scale, rtol, ATOL,
        EVALUATIONS, record.drives, record.trials(bounds), lower, upper, iterations, tolerance, predicted, information,
        info,
    )  # fmt: skip
    if status != OK or not math.isfinite(chi2):
        return None
    held = lower == upper
    if held.any():
        information[held] = information[:, held] = 0.0
        information[held, held] = KNOWN
    return Refined(p, first, predicted, float(chi2), information, int(runs))


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
    """Inverse of an information matrix, shape (p, p).

    Parameters that take part in a direction without information get an infinite variance, and all do where a
    sensitivity has overflowed.
    """
    if not np.isfinite(information).all():
        return np.diag(np.full(len(information), np.inf))
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))  # of each parameter, so that units do not matter
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    empty = values < NO_INFORMATION
    inverse = (vectors / np.where(empty, 1.0, values)) @ vectors.T
    if empty.any():
        undetermined = (vectors[:, empty] ** 2).sum(1) > 1e-6
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
    limits: Mapping[str, tuple[float, float]] | None = None,
) -> Fit:
    """Fit the parameters of an equation, shared by all trajectories, and the start of each.

    The noise level of each column is estimated from the residuals, so `sigma` matters only for how samples of one
    column compare. Where no solution from a single start follows the whole record (chaos), the fit on segments with
    free starts is returned and `segments` says so.

    Args:
        equation: a law in the grammar.
        params: starting values, within a factor of a few.
        states: the state variables.
        trajectories: the records; NaN marks what was not observed.
        sigma: noise of each sample, up to a factor for each column; even noise by default.
        guess: smooth estimates of the states at the samples, for the segments to start from.
        schedule: segments and iterations of each phase.
        limits: lowest and highest value of parameters that have such; equal ones hold a parameter.

    Raises:
        Unanswerable: the equation is not in the grammar.
        UserError: nothing was observed.
    """
    if not any(np.isfinite(trajectory.values).any() for trajectory in trajectories):
        raise UserError("there are no samples to fit to")
    program = Compiler(states)(equation, tuple(params))
    record = Record.of(trajectories, sigma, guess)
    p = np.array([float(value) for value in params.values()])
    ranges = [(limits or {}).get(name, (-math.inf, math.inf)) for name in params]
    reach = (np.array([low for low, _ in ranges]), np.array([high for _, high in ranges]))
    done: Refined | None = None
    pieces = 0
    least = math.inf
    for count, iterations in schedule:
        starts = None if done is None else record.carry(done.starts, pieces, count)
        result = refine(program, p, record, segments=count, iterations=iterations, starts=starts, limits=reach)
        if result is None or _lost(result.chi2, least, record):
            continue
        done, pieces, p, least = result, count, result.params, min(least, result.chi2)
    if done is not None:
        # Final fit: weights from the residuals of each column, tight tolerances.
        for _ in range(2):
            weights = record.weights / np.maximum(_rms(done, record), 1e-6)
            last = refine(
                program, done.params, record, segments=pieces, starts=done.starts, weights=weights, tolerance=1e-9,
                rtol=1e-8, limits=reach,
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
        (residual**2).sum(0),
        r_squared(np.where(observed, record.y, np.nan), done.predicted),
        pieces,
        "fitted",
    )


def _lost(chi2: float, least: float, record: Record) -> bool:
    """Whether a fit leaves over a fifth of the variance and over four times the residual of shorter pieces."""
    observed = record.weights > 0
    mean = np.where(observed, record.y, 0.0).sum(0) / np.maximum(observed.sum(0), 1)
    total = (((record.y - mean) * record.weights) ** 2).sum()
    return bool(chi2 > 0.2 * total and chi2 > 4 * least)


def _rms(done: Refined, record: Record) -> Array:
    """Root mean square of the weighted residuals of each column, shape (n,)."""
    residual = (done.predicted - record.y) * record.weights
    return np.asarray(np.sqrt((residual**2).sum(0) / np.maximum((record.weights > 0).sum(0), 1)))
