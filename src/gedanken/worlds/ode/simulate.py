"""Simulate equations, and score them against what was observed. The only door to the compiled kernels.

    track = Track(states, trajectory, y0)                     # pack once
    score(track, "d2y/dt2 = -g", {"g": 9.81})                 # one answer, with its predicted trajectory
    score_batch(track, [(equation, params), ...])             # many, on every core
    score_json(track, '{"equation": ..., "params": ...}')     # as a trainer has them

R2 of a column is one minus the squared error over the spread of its observed samples, clipped to [0, 1]; a match is its
mean over the observed columns, and 0 when the solution does not exist as far as the observations reach. Every text is
scored in bounded time: a fuel budget, in units of at most about a nanosecond, pays for each instruction at the price of
its slowest argument.
"""

import math
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, overload

import numpy as np
import orjson
from numpy.typing import ArrayLike, NDArray

from gedanken.errors import Unanswerable
from gedanken.worlds.ode import jit, kernels
from gedanken.worlds.ode.expression import MAX_PARAMS, MAX_TEXT, check_states, foreign_character, parse
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

MAX_SAMPLES = kernels.MAX_SAMPLES
MAX_JSON = 4096
# A JSON reader spends 0.05 us on each nested object, and a text of 4,096 characters has room for 2,000 of them.
MAX_BRACKETS = 256
SCORE_FUEL = 500_000
SIMULATE_FUEL = 100_000_000
# Work that fitting an unknown start may take, in shares of the fuel of one simulation.
START_SHARE = 8

UNREADABLE = 30  # not {"equation": text, "params": {name: number}}

_SOLVED = (kernels.OK, kernels.S_ZERO)
# Statuses of a text that no equation could be read from; the others concern the solution.
_REFUSED = frozenset([*range(kernels.OK + 1, kernels.S_NONFINITE), UNREADABLE])


class Answer(NamedTuple):
    """A proposed law: equations in the grammar, the values of its parameters, and what was said about it."""

    equation: str
    params: Mapping[str, float]
    rationale: str = ""


def decode(text: str) -> Answer:
    """Read one JSON object `{"equation": ..., "params": {...}, "rationale": ...}`; other keys are ignored.

    Raises:
        Unanswerable: not such an object, or larger than an answer may be. Names and grammar are not looked at.
    """
    return _to_answer(_load(text))


def _load(text: str) -> Any:
    """The JSON value in a text, refused before it is read when reading it could take long."""
    if len(text) > MAX_JSON:
        raise Unanswerable(f"the answer has {len(text):,} characters; a JSON answer has at most {MAX_JSON:,}")
    if text.count("{") + text.count("[") > MAX_BRACKETS:
        raise Unanswerable(f"the answer has more than {MAX_BRACKETS} opening brackets")
    try:
        return orjson.loads(text)
    except ValueError as error:  # JSONDecodeError, lone surrogates
        raise Unanswerable(f"the answer is not JSON: {error}") from None


def _to_answer(data: Any) -> Answer:
    if type(data) is not dict:
        raise Unanswerable("the answer is JSON but not an object with an equation and params")
    equation, params = data.get("equation"), data.get("params", {})
    if type(equation) is not str:
        raise Unanswerable('the answer has no text under "equation"')
    if type(params) is not dict:
        raise Unanswerable('"params" is not an object of names and numbers')
    if len(params) > MAX_PARAMS:
        raise Unanswerable(f"{len(params)} parameters are declared; at most {MAX_PARAMS} are allowed")
    _encode(equation, params)
    rationale = data.get("rationale", "")
    return Answer(equation, params, rationale if type(rationale) is str else "")


# What the kernels read: the text, the NUL-joined names, the values.
_Encoded = tuple[bytes, bytes, list[float]]


def _encode(equation: str, params: Mapping[str, float]) -> _Encoded:
    """Pack an answer for the kernels.

    Raises:
        Unanswerable: what must not reach them. What the parameters are called is left to them.
    """
    if not isinstance(equation, str):
        raise Unanswerable("the equation is not a text")
    if len(equation) > MAX_TEXT:
        raise Unanswerable(f"the equation has {len(equation):,} characters; at most {MAX_TEXT} are allowed", MAX_TEXT)
    if not equation.isascii():
        raise foreign_character(equation)
    try:
        values = list(params.values())
        for value in values:
            if type(value) is not float and not _is_number(value):
                raise TypeError
        return equation.encode(), "\0".join(params).encode(), list(map(float, values))
    except (TypeError, ValueError, OverflowError, AttributeError):
        raise _bad_params(params) from None


def _is_number(value: Any) -> bool:
    """Whether a value counts as a number: a truth value does not, nor does a text that looks like one."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _bad_params(params: Any) -> Unanswerable:
    """Why these are no parameters."""
    if not isinstance(params, Mapping):
        return Unanswerable("the parameters are not an object of names and numbers")
    for name, value in params.items():
        if not isinstance(name, str):
            return Unanswerable(f"the name of the parameter {str(name)[:40]!a} is not a text")
        if not _is_number(value):
            return Unanswerable(f"the value of the parameter {name[:40]!a} is not a number")
    return Unanswerable("a parameter has a name that is no text or a value that is too large")


class Track:
    """One observed trajectory, packed for scoring.

    Attributes:
        states: names and order of the state variables.
        trajectory: the samples; NaN marks what was not observed, and a column may be missing altogether.
        y0: the state at the first sample time, or the guess that a fit of it begins with.
        known_start: whether answers start from `y0` as it is. Otherwise the score of an answer is that of its best
            start, found by a bounded Levenberg-Marquardt fit of the initial state and of nothing else.
    """

    def __init__(
        self,
        states: StateSpace,
        trajectory: Trajectory,
        y0: ArrayLike | None = None,
        *,
        rtol: float = 1e-6,
        atol: float = 1e-9,
        fuel: int = SCORE_FUEL,
    ):
        """Pack a trajectory.

        Args:
            states: the state variables; at most eight.
            trajectory: at least two and at most 1,024 samples.
            y0: initial state, shape (n,), or None where it is to be fitted.
            rtol: error of a step relative to the larger of the state and the spread of its observations.
            atol: absolute error of a step. It is lowered where a column's spread is too small for it.
            fuel: work that one simulation may take, in units of about a nanosecond.

        Raises:
            ValueError: wrong shapes, too many samples, nothing observed, or a start that is not finite.
            UserError: a state variable whose name the grammar cannot use.
        """
        check_states(states)
        values = np.asarray(trajectory.values, np.float64)
        m, n = values.shape
        if n != states.size:
            raise ValueError(f"{n} columns do not fit the {states.size} state variables {', '.join(states.columns)}")
        if m > MAX_SAMPLES:
            raise ValueError(f"{m} samples are too many to score; at most {MAX_SAMPLES} are used")
        spread, floor = _spread(values)
        if (spread < 0).all():
            raise ValueError("nothing was observed")
        self.states, self.trajectory = states, trajectory
        self.known_start = y0 is not None
        self.y0 = _guess_start(states, trajectory) if y0 is None else np.array(y0, np.float64)
        if self.y0.shape != (n,) or not np.isfinite(self.y0).all():
            raise ValueError(f"the initial state must be {n} finite numbers, not {self.y0}")
        if (floor > 0).any():
            atol = min(atol, 1e-3 * rtol * floor[floor > 0].min())
        start_fuel = 0 if self.known_start else START_SHARE * fuel
        self._symbols = _symbols(states)
        self._packed = _pack(trajectory.t, values, self.y0, spread, floor, rtol, atol, fuel, start_fuel)
        self._size = n
        self._zeros = tuple(0.0 if found >= 0 else math.nan for found in spread)


def _spread(values: Array) -> tuple[Array, Array]:
    """Sum of squares about the mean of each column, -1 where nothing was observed, and its standard deviation.

    A constant column has no spread to measure an error against. It counts as if it varied by a millionth of its size
    (of the record's largest value for a column of zeros): far above rounding, far below what a wrong law does.
    """
    seen = np.isfinite(values)
    count = seen.sum(0)
    filled = np.where(seen, values, 0.0)
    mean = filled.sum(0) / np.maximum(count, 1)
    squares = np.where(seen, (values - mean) ** 2, 0.0).sum(0)
    largest = np.abs(filled).max(0)
    size = np.where(largest > 0, largest, largest.max() or 1.0)
    spread = np.where(count > 0, np.maximum(squares, count * (1e-6 * size) ** 2), -1.0)
    floor = np.sqrt(squares / np.maximum(count, 1))
    return spread, floor


def _pack(
    t: Array,
    values: Array,
    y0: Array,
    spread: Array,
    floor: Array,
    rtol: float,
    atol: float,
    fuel: int,
    start_fuel: int,
) -> Array:
    m, n = values.shape
    if not (1e-13 <= rtol < 1.0 and atol >= 0.0):
        raise ValueError(f"rtol must lie in [1e-13, 1) and atol be at least 0, not {rtol} and {atol}")
    head = [m, n, rtol, atol, fuel, start_fuel]
    return np.concatenate([head, y0, spread, floor, np.asarray(t, np.float64), values.ravel()])


def _symbols(states: StateSpace) -> NDArray[np.uint8]:
    """What the compiled parser knows of the names: see `_parse`."""
    columns = states.columns
    symbols = [*((i, name) for i, name in enumerate(columns))]
    symbols += [(columns.index(name), alias) for alias, name in states.aliases.items()]
    symbols.append((len(columns), "t"))
    packed = bytearray([len(columns), len(symbols), *(255 if i is None else i for i in states.derivative_of)])
    for i, name in symbols:
        packed += bytes([i, len(name)]) + name.encode()
    return np.frombuffer(bytes(packed), np.uint8)


def _guess_start(states: StateSpace, trajectory: Trajectory) -> Array:
    """First observed sample of each column; an unobserved velocity is the slope of the first observed positions."""
    t, values = trajectory.t, trajectory.values
    start = np.zeros(states.size)
    for i in range(states.size):
        seen = np.flatnonzero(np.isfinite(values[:, i]))
        if len(seen):
            start[i] = values[seen[0], i]
    for i, velocity in enumerate(states.derivative_of):
        if velocity is not None and not np.isfinite(values[:, velocity]).any():
            seen = np.flatnonzero(np.isfinite(values[:, i]))[:5]
            if len(seen) >= 2:
                start[velocity] = np.polyfit(t[seen] - t[seen[0]], values[seen, i], 1)[0]
    return start


class Score(NamedTuple):
    """What the verifier found about one answer.

    Attributes:
        status: 0 when the equations were solved as far as the observations reach; `reason` says the rest.
        r2: mean R2 over the observed columns, in [0, 1].
        columns: R2 of each column, in [0, 1]; NaN where nothing was observed.
        operators: operators in the equations, as `Equations.operators` counts them; 0 when they cannot be read.
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
        self.r2 = results[:, kernels.MEAN]
        self.operators = results[:, kernels.OPERATORS].astype(np.int64)
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
        columns = track._zeros if refused else tuple(row[kernels.COLUMNS : kernels.COLUMNS + track._size])
        operators, reached = int(row[kernels.OPERATORS]), row[kernels.REACHED]
        return Score(status, row[0], columns, operators, reached, None, None, track.states, source)


def explain(status: int, states: StateSpace, equation: str, params: Mapping[str, float], reached: float) -> str:
    """The English for a status; empty for a solved equation."""
    if status in _SOLVED:
        return ""
    if status == kernels.S_NONFINITE:
        return f"the right-hand side is not a finite number at t = {reached:.6g}"
    if status == kernels.S_STEP:
        return f"the solution blows up or cannot be continued at t = {reached:.6g}"
    if status == kernels.S_FUEL:
        return (
            f"the equations take too much work to solve (too fast, too rough or too long); stopped at t = {reached:.6g}"
        )
    try:
        parse(equation, states, params)
    except Unanswerable as fault:
        return str(fault)
    raise AssertionError(f"the compiled parser refuses {equation!r} with {status}, the other one reads it")


class _Workspace(threading.local):
    """Scratch arrays of a thread, so that scoring allocates nothing."""

    def __init__(self) -> None:
        _build()
        self.wf = np.zeros(kernels.WF_SIZE)
        self.wi = np.zeros(kernels.WI_SIZE, np.int64)
        self.res = np.zeros((1, kernels.RESULT))
        self.index = np.zeros((4, 2), np.int64)
        self.ends = memoryview(self.index.data).cast("B").cast("q")  # writing it is faster than writing the array
        scratch = getattr(kernels._scratch, "py_func", kernels._scratch)
        self.trajectory = scratch(self.wf)[2]


@cache
def _build() -> None:
    kernels.build()


_spaces: _Workspace | None = None
_pools: dict[int, ThreadPoolExecutor] = {}
# The threads of a pool do not survive a fork; a child that inherits it would wait for them forever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)


def _own_workspace() -> _Workspace:
    global _spaces
    if _spaces is None:
        _spaces = _Workspace()
    return _spaces


def warm_up(progress: Callable[[str], None] | None = None) -> None:
    """Load the compiled kernels, or compile them: about half a minute, once for a machine and version.

    Args:
        progress: called with the name of what is being compiled. Not called when everything comes from the cache.
    """
    with jit.announce(progress):
        _own_workspace()


def _read_json(text: str) -> tuple[_Encoded, tuple[str, Mapping[str, float]]]:
    """An encoded JSON answer and what it was: straight on when all is in order, else the thorough way."""
    data = _load(text)
    try:
        equation, params = data["equation"], data["params"]
        if len(equation) <= MAX_TEXT and equation.isascii():
            values = list(params.values())
            if set(map(type, values)) <= _FLOAT:
                return (equation.encode(), "\0".join(params).encode(), values), (equation, params)
    except (TypeError, KeyError, AttributeError, ValueError):
        pass
    answer = _to_answer(data)
    return _encode(answer.equation, answer.params), (answer.equation, answer.params)


_FLOAT = frozenset([float])


def _run_one(
    symbols: NDArray[np.uint8], packed: Array, answer: _Encoded, mode: int
) -> tuple[_Workspace, int, list[float]]:
    """(workspace, status, row of results) of one encoded answer."""
    space = _own_workspace()
    text, names, values = answer
    ends = space.ends
    ends[1], ends[3], ends[5] = len(text), len(names), len(values)
    array = np.array(values, np.float64)
    kernels.score_many(text, names, array, space.index, symbols, packed, space.wf, space.wi, space.res, mode, 0, 1)
    return space, ends[6], space.res[0].tolist()


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
        answer = _encode(equation, params)
    except Unanswerable as fault:
        return _unreadable(track, fault)
    mode = kernels.FULL if predict else 0
    space, status, row = _run_one(track._symbols, track._packed, answer, mode)
    return _score(track, space, status, row, (equation, params), predict)


def score_json(track: Track, text: str) -> Score:
    """Score one answer that is a JSON object, as `decode` reads it, without its predicted trajectory."""
    try:
        answer, source = _read_json(text)
    except Unanswerable as fault:
        return _unreadable(track, fault)
    space, status, row = _run_one(track._symbols, track._packed, answer, 0)
    return _score(track, space, status, row, source, False)


def _unreadable(track: Track, fault: Unanswerable) -> Score:
    return Score(UNREADABLE, 0.0, track._zeros, 0, 0.0, None, None, track.states, str(fault))


def _score(track: Track, space: _Workspace, status: int, row: list[float], source: Any, predict: bool) -> Score:
    n = track._size
    predicted = start = None
    if predict and status not in _REFUSED:
        predicted = _copy(space, len(track.trajectory.t), n, int(row[kernels.SAMPLES]))
        start = predicted[0].copy()
    columns = tuple(row[kernels.COLUMNS : kernels.COLUMNS + n]) if status not in _REFUSED else track._zeros
    operators, reached = int(row[kernels.OPERATORS]), row[kernels.REACHED]
    return Score(status, row[0], columns, operators, reached, predicted, start, track.states, source)


def _copy(space: _Workspace, m: int, n: int, written: int) -> Array:
    """The trajectory that the last run left behind, NaN from where it ended."""
    values = np.full((m, n), np.nan)
    values[:written] = space.trajectory[:written, :n]
    return values


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
            encoded.append(_encode(equation, params))
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
            answer, source = _read_json(text)
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
        groups = [(tracks[found[0]], found) for found in members.values()]  # type: ignore[misc]
        each = tracks
    _own_workspace()  # compile before any thread starts
    status = np.full(count, UNREADABLE)
    results = np.zeros((count, kernels.RESULT))
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
        res = np.zeros((len(good), kernels.RESULT))
        arguments = (b"".join(texts), b"".join(names), flat, layout, track._symbols, track._packed)
        parts.append((good, layout, res))
        jobs += [(arguments, res, low, min(low + _JOB, len(good))) for low in range(0, len(good), _JOB)]
    threads = threads or _cores()
    if threads == 1 or len(jobs) <= 1 or count < 2 * _JOB:
        _run_jobs(jobs)
    else:
        pool = _pools.get(threads) or _pools.setdefault(threads, ThreadPoolExecutor(threads, "score"))
        stride = max(1, _JOB * len(jobs) // count)  # small groups are handed over together
        list(pool.map(_run_jobs, [jobs[k : k + stride] for k in range(0, len(jobs), stride)]))
    for good, layout, res in parts:
        status[good] = layout[3, :-1]
        results[good] = res
    return Scores(status, results, each, sources)


def _run_jobs(jobs: Sequence[Any]) -> None:
    space = _own_workspace()
    wf, wi = space.wf, space.wi
    for arguments, res, low, high in jobs:
        kernels.score_many(*arguments, wf, wi, res, 0, low, high)


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
) -> Simulation:
    """Solve equations from `y0` at `t[0]`, by the integrator that scores answers. Data are made at rtol 1e-9 or so.

    Args:
        equation: in the grammar of `expression.py`.
        states: names and order of the state variables.
        params: values of the declared parameters.
        y0: initial state, shape (n,).
        t: times, shape (m,), strictly increasing, 2 <= m <= 1,024.
        rtol: relative error of a step, at least 1e-13.
        atol: absolute error of a step.
        fuel: work allowed, in units of about a nanosecond.

    Raises:
        ValueError: y0, t or a tolerance is unusable.
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
        answer = _encode(equation, params)
    except Unanswerable as fault:
        return Simulation(nothing, UNREADABLE, float(times[0]), str(fault))
    unobserved = np.full(n, -1.0)
    packed = _pack(times, nothing, start, unobserved, np.zeros(n), rtol, atol, fuel, 0)
    space, status, row = _run_one(_symbols(states), packed, answer, kernels.FULL)
    if status in _REFUSED:
        reason = explain(status, states, equation, params, 0.0)
        return Simulation(nothing, status, float(times[0]), reason)
    reached = row[kernels.REACHED]
    values = _copy(space, times.size, n, int(row[kernels.SAMPLES]))
    return Simulation(values, status, reached, explain(status, states, equation, params, reached))
