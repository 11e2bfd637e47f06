"""Simulate equations, and score them against what was observed.

These functions take any text and answer in bounded time. (`fit` calls the compiled integrator as well, for equations
that have been read before.)

    track = Track(states, trajectory, y0)                     # pack once
    score(track, "d2y/dt2 = -g", {"g": 9.81})                 # one answer, with its predicted trajectory
    score_batch(track, [(equation, params), ...])             # many, on every core
    score_json(track, '{"equation": ..., "params": ...}')     # as a trainer has them

R2 of a column is one minus the squared error over the squared deviations of its observed samples from their mean,
clipped to [0, 1]; the score is the mean over the observed columns, and 0 when the solution ends before the observations
do. Time is bounded by a budget of fuel in units of about a nanosecond: each instruction costs what its slowest argument
takes.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gedanken.errors import Unanswerable
from gedanken.worlds.ode.inputs import Drive
from gedanken.worlds.ode.kernel import score as kernel
from gedanken.worlds.ode.kernel import status as codes
from gedanken.worlds.ode.kernel.driven import pack_drive
from gedanken.worlds.ode.kernel.limits import MAX_SAMPLES
from gedanken.worlds.ode.kernel.score import pack
from gedanken.worlds.ode.kernel.status import UNREADABLE
from gedanken.worlds.ode.kernel.tokens import pack_symbols
from gedanken.worlds.ode.kernel.workspace import Workspace, run_one, warm_up, workspace
from gedanken.worlds.ode.law.answer import MAX_JSON, Answer, decode, encode, read_json
from gedanken.worlds.ode.law.parser import check_states, parse
from gedanken.worlds.ode.track import SCORE_FUEL, Track
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

__all__ = [
    "MAX_JSON",
    "MAX_SAMPLES",
    "SCORE_FUEL",
    "SIMULATE_FUEL",
    "UNREADABLE",
    "Answer",
    "Score",
    "Scores",
    "Simulation",
    "Track",
    "decode",
    "explain",
    "score",
    "score_batch",
    "score_json",
    "score_json_batch",
    "score_tracks",
    "simulate",
    "warm_up",
]

SIMULATE_FUEL = 100_000_000

_SOLVED = (codes.OK, codes.S_ZERO)
# Statuses of a text that no equation could be read from; the others concern the solution.
_REFUSED = frozenset([*range(codes.OK + 1, codes.S_NONFINITE), UNREADABLE])


class Score(NamedTuple):
    """What the verifier found about one answer.

    Attributes:
        status: one of `kernel/status.py`, 0 when the equations were solved as far as the observations reach.
        r2: mean R2 over the observed columns, in [0, 1].
        columns: R2 of each column, in [0, 1]; NaN where nothing was observed.
        operators: operators in the equations, as `Equations.operators` counts them; 0 when the text cannot be read.
        reached: time up to which the solution was followed.
        predicted: the solution at the sample times, shape (m, n), NaN from where it ended; None unless asked for.
        start: the initial state that the solution began with; None unless the prediction was asked for.
        states: the state variables.
        source: the equation and its parameters, or why there are none.
    """

    status: int
    r2: float
    columns: tuple[float, ...]
    operators: int
    reached: float
    predicted: Array | None
    start: Array | None
    states: StateSpace
    source: Any

    @property
    def reason(self) -> str:
        """Why the answer scores nothing, in English; empty when the equations were read and solved."""
        if self.status in _SOLVED:
            return ""
        if type(self.source) is str:
            return self.source
        equation, params = self.source
        return explain(self.status, self.states, equation, params, self.reached)


class Scores(Sequence[Score]):
    """Scores of a batch, in the order of the answers: a sequence of `Score`, and the same as arrays of length N.

    Attributes:
        status: see `Score`.
        r2: see `Score`.
        operators: see `Score`.
    """

    def __init__(self, status: NDArray[np.int64], results: Array, tracks: Sequence[Track], sources: Sequence[Any]):
        self.status = status
        self.r2 = results[:, kernel.MEAN]
        self.operators = results[:, kernel.OPERATORS].astype(np.int64)
        self._results, self._tracks, self._sources = results, tracks, sources

    def __len__(self) -> int:
        return len(self.status)

    @overload
    def __getitem__(self, index: int) -> Score: ...

    @overload
    def __getitem__(self, index: slice) -> list[Score]: ...

    def __getitem__(self, index: int | slice) -> Score | list[Score]:
        """One score, or a list of them."""
        if isinstance(index, slice):
            return [self[k] for k in range(len(self))[index]]
        track, source, status = self._tracks[index], self._sources[index], int(self.status[index])
        row = self._results[index].tolist()
        refused = status in _REFUSED
        columns = track._zeros if refused else tuple(row[kernel.COLUMNS : kernel.COLUMNS + track._size])
        operators, reached = int(row[kernel.OPERATORS]), row[kernel.REACHED]
        return Score(status, row[0], columns, operators, reached, None, None, track.states, source)


def explain(status: int, states: StateSpace, equation: str, params: Mapping[str, float], reached: float) -> str:
    """The English for a status; empty for a solved equation."""
    if status in _SOLVED:
        return ""
    if status == codes.S_NONFINITE:
        return f"the right-hand side is not a finite number at t = {reached:.6g}"
    if status == codes.S_STEP:
        return f"the solution blows up or cannot be continued at t = {reached:.6g}"
    if status == codes.S_FUEL:
        return (
            f"the equations take too much work to solve (too fast, too rough or too long); stopped at t = {reached:.6g}"
        )
    try:
        parse(equation, states, params)
    except Unanswerable as fault:
        return str(fault)
    raise AssertionError(f"the compiled parser refuses {equation!r} with {status}, the other one reads it")


_pools: dict[int, ThreadPoolExecutor] = {}
# The threads of a pool do not survive a fork; a child that inherits it would wait for them forever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)


def score(track: Track, equation: str, params: Mapping[str, float], *, predict: bool = True) -> Score:
    """Score one answer.

    Args:
        track: what was observed.
        equation: any text; refused with a reason when it is not in the grammar.
        params: values of the declared parameters.
        predict: also return the predicted trajectory. Without it, the integration stops as soon as the score is known
            to be 0, so that a solution which diverges later is not called broken.
    """
    try:
        answer = encode(equation, params)
    except Unanswerable as fault:
        return _unreadable(track, fault)
    mode = kernel.FULL if predict else 0
    space, status, row = run_one(track._symbols, track._packed, answer, mode)
    return _score(track, space, status, row, (equation, params), predict)


def score_tracks(tracks: Sequence[Track], equation: str, params: Mapping[str, float]) -> Iterator[float]:
    """R2 of one answer on several tracks, each in [0, 1]; 0 for what cannot be read or solved. Faster than `score`.

    A track is simulated when its number is asked for.
    """
    try:
        answer = encode(equation, params)
    except Unanswerable:
        yield from [0.0] * len(tracks)
        return
    for track in tracks:
        yield run_one(track._symbols, track._packed, answer, 0)[2][kernel.MEAN]


def score_json(track: Track, text: str) -> Score:
    """Score one answer that is a JSON object, as `decode` reads it, without its predicted trajectory."""
    try:
        answer, source = read_json(text)
    except Unanswerable as fault:
        return _unreadable(track, fault)
    space, status, row = run_one(track._symbols, track._packed, answer, 0)
    return _score(track, space, status, row, source, False)


def _unreadable(track: Track, fault: Unanswerable) -> Score:
    return Score(UNREADABLE, 0.0, track._zeros, 0, 0.0, None, None, track.states, str(fault))


def _score(track: Track, space: Workspace, status: int, row: list[float], source: Any, predict: bool) -> Score:
    n = track._size
    predicted = start = None
    if predict and status not in _REFUSED:
        predicted = space.copy_trajectory(len(track.trajectory.t), n, int(row[kernel.SAMPLES]))
        start = predicted[0].copy()
    columns = tuple(row[kernel.COLUMNS : kernel.COLUMNS + n]) if status not in _REFUSED else track._zeros
    operators, reached = int(row[kernel.OPERATORS]), row[kernel.REACHED]
    return Score(status, row[0], columns, operators, reached, predicted, start, track.states, source)


Tracks = Track | Sequence[Track]


def score_batch(
    tracks: Tracks, answers: Sequence[tuple[str, Mapping[str, float]]], *, threads: int | None = None
) -> Scores:
    """Score many (equation, params) at once: `score(..., predict=False)` of each, in order.

    Args:
        tracks: one for all answers, or one for each. Answers to the same `Track` object share a compiled call.
        answers: equations and parameter values.
        threads: how many to use; by default as many as this process may run on. Results do not depend on it.

    Raises:
        ValueError: another number of tracks than of answers.
    """
    encoded: list[Any] = []
    sources: list[Any] = []
    for equation, params in answers:
        try:
            encoded.append(encode(equation, params))
            sources.append((equation, params))
        except Unanswerable as fault:
            encoded.append(None)
            sources.append(str(fault))
    return _score_encoded(tracks, encoded, sources, threads)


def score_json_batch(tracks: Tracks, texts: Sequence[str], *, threads: int | None = None) -> Scores:
    """Score many JSON answers at once: `score_json` of each, in order. Arguments as in `score_batch`."""
    encoded: list[Any] = []
    sources: list[Any] = []
    for text in texts:
        try:
            answer, source = read_json(text)
            encoded.append(answer)
            sources.append(source)
        except Unanswerable as fault:
            encoded.append(None)
            sources.append(str(fault))
    return _score_encoded(tracks, encoded, sources, threads)


# Items of one job: large enough that handing it to a thread costs nothing beside it.
_JOB = 64


def _score_encoded(tracks: Tracks, encoded: list[Any], sources: list[Any], threads: int | None) -> Scores:
    count = len(encoded)
    if isinstance(tracks, Track):
        groups = [(tracks, range(count))]
        each: Sequence[Track] = [tracks] * count
    else:
        if len(tracks) != count:
            raise ValueError(f"{len(tracks)} tracks for {count} answers")
        members: dict[int, list[int]] = {}
        for index, track in enumerate(tracks):
            members.setdefault(id(track), []).append(index)
        groups = [(tracks[indices[0]], indices) for indices in members.values()]  # type: ignore[misc]
        each = tracks
    workspace()  # compile before any thread starts
    status = np.full(count, UNREADABLE)
    results = np.zeros((count, kernel.RESULT))
    jobs = []
    parts = []
    for track, indices in groups:
        good = [index for index in indices if encoded[index] is not None]
        if not good:
            continue
        texts, names, values = zip(*(encoded[index] for index in good), strict=True)
        layout = np.zeros((4, len(good) + 1), np.int64)
        for row, items in enumerate((texts, names, values)):
            np.cumsum(list(map(len, items)), out=layout[row, 1:])
        flat = np.array(list(chain.from_iterable(values)), np.float64)
        rows = np.zeros((len(good), kernel.RESULT))
        arguments = (b"".join(texts), b"".join(names), flat, layout, track._symbols, track._packed)
        parts.append((good, layout, rows))
        jobs += [(arguments, rows, low, min(low + _JOB, len(good))) for low in range(0, len(good), _JOB)]
    threads = threads or _cores()
    if threads == 1 or len(jobs) <= 1 or count < 2 * _JOB:
        _run_jobs(jobs)
    else:
        pool = _pools.get(threads) or _pools.setdefault(threads, ThreadPoolExecutor(threads, "score"))
        stride = max(1, _JOB * len(jobs) // count)  # small groups are handed over together
        list(pool.map(_run_jobs, [jobs[k : k + stride] for k in range(0, len(jobs), stride)]))
    for good, layout, rows in parts:
        status[good] = layout[3, :-1]
        results[good] = rows
    return Scores(status, results, each, sources)


def _run_jobs(jobs: Sequence[Any]) -> None:
    space = workspace()
    for arguments, rows, low, high in jobs:
        kernel.score_many(*arguments, space.floats, space.integers, rows, 0, low, high)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Simulation(NamedTuple):
    """A solution.

    Attributes:
        values: the state at the asked times, shape (m, n); NaN from where the solution ended.
        status: 0 when it reached the end.
        reached: time up to which the solution was followed.
        reason: why it ended early, in English, or empty.
    """

    values: Array
    status: int
    reached: float
    reason: str


def simulate(
    equation: str,
    states: StateSpace,
    params: Mapping[str, float],
    y0: ArrayLike,
    t: ArrayLike,
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    fuel: int = SIMULATE_FUEL,
    drive: Drive | None = None,
) -> Simulation:
    """Solve equations from `y0` at `t[0]`, by the integrator that scores answers. Data are made at rtol 1e-9 or so.

    Args:
        equation: in the grammar of `law/parser.py`.
        states: names and order of the state variables.
        params: values of the declared parameters.
        y0: initial state, shape (n,).
        t: times, shape (m,), strictly increasing, 2 <= m <= 1,024.
        rtol: relative error of a step, at least 1e-13.
        atol: absolute error of a step.
        fuel: work allowed, in units of about a nanosecond.
        drive: values of the inputs, where the system has any.

    Raises:
        ValueError: y0, t or a tolerance is unusable, or an input has no values.
        UserError: a state variable whose name the grammar cannot use.
    """
    check_states(states)
    n = states.size
    start, times = np.array(y0, np.float64), np.array(t, np.float64)
    if start.shape != (n,) or not np.isfinite(start).all():
        raise ValueError(f"the initial state must be {n} finite numbers, not {start}")
    if times.ndim != 1 or not 2 <= times.size <= MAX_SAMPLES:
        raise ValueError(f"between 2 and {MAX_SAMPLES} times are needed, not {times.shape}")
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
        raise ValueError("times must be finite and strictly increasing")
    nothing = np.full((times.size, n), np.nan)
    try:
        answer = encode(equation, params)
    except Unanswerable as fault:
        return Simulation(nothing, UNREADABLE, float(times[0]), str(fault))
    unobserved = np.full(n, -1.0)
    inputs = pack_drive(states, Trajectory(times, nothing, drive=drive))
    packed = pack(times, nothing, start, unobserved, np.zeros(n), rtol, atol, fuel, 0, inputs)
    space, status, row = run_one(pack_symbols(states), packed, answer, kernel.FULL)
    if status in _REFUSED:
        reason = explain(status, states, equation, params, 0.0)
        return Simulation(nothing, status, float(times[0]), reason)
    reached = row[kernel.REACHED]
    values = space.copy_trajectory(times.size, n, int(row[kernel.SAMPLES]))
    return Simulation(values, status, reached, explain(status, states, equation, params, reached))
