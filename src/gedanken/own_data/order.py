"""First or second order: where positions were measured and nobody said, both are searched and the record decides."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from gedanken.loop import Player
from gedanken.own_data.forcing import describe_forcing
from gedanken.own_data.record import Record
from gedanken.sparse import Candidate, Discovery, discover
from gedanken.sparse.discovery import INDISTINCT
from gedanken.sparse.search import DRIVEN
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.inputs import TRIAL
from gedanken.worlds.ode.kernel.limits import MAX_NAME, MAX_STATES
from gedanken.worlds.ode.trajectory import Array, Coordinate, StateSpace, Trajectory

# Loss of R2 up to which two laws predict as well, and share left over from which a law is no explanation.
_AS_WELL = 2e-3
_EXACT = 1e-6
# Match from which a law of first order needs no other chance, with the time.
_SURE = 0.98
# Mean square residual in units of the smoother's noise, up to which it may be noise.
_NOISE = 4.0
# A coordinate turns back where it moves the other way by this share of its range.
_TURN = 0.15
# Names that are positions beyond doubt; `x` may be anything.
POSITIONS = frozenset(
    (
        *("pos", "position", "height", "altitude", "distance", "displacement", "depth", "elongation", "extension"),
        *("theta", "phi", "psi", "angle", "angular_position", "rotation", "deflection"),
    )
)
LENGTHS = frozenset(("m", "cm", "mm", "km", "um", "px", "pixel", "pixels", "ft", "in", "inch", "rad", "deg", "°"))


def choose_order(record: Record, player: Player) -> tuple[Record, str]:
    """The record with the order that explains it, and why that one won in a sentence (empty where it was given).

    Both orders are searched by the player itself if it ranks laws, else by the built-in search.
    """
    states: StateSpace = record.problem.observation.states
    if not record.order_open or any(c.velocity for c in states.coordinates) or 2 * states.size > MAX_STATES:
        return record, ""
    if describe_forcing(record):
        return record, "The law is of first order: what is driven by noise has no velocity."
    second = second_order(record)
    driven = record.problem.observation.clock or any(each.between != TRIAL for each in states.inputs)
    if states.size == 1 and not driven and (turns := _turns_back(record)):
        name = states.columns[0]
        often = f"{turns} times" if turns > 1 else "once"
        return second, (
            f"The law is of second order: {name} turns back {often}, and where d{name}/dt depends on {name} alone, "
            "nothing that has gone up comes down again."
        )
    # With the time, laws of first order can do what those of second order do without it.
    # A record too short for that needs no search of its own for the order.
    short = min(len(trial.t) for trial in record.fitted) < DRIVEN
    observation = record.problem.observation
    observation = replace(observation, clock=observation.clock or (False if short else None))
    first = replace(record, problem=replace(record.problem, observation=observation))
    found = search_laws(player, first)
    if _is_simple(found):
        return first, "The law is of first order: one of a constant for each equation explains the record to its noise."
    # What the first order explains, no chaos of second order does.
    laws = [found, search_laws(player, second, whole=found.best.match > _SURE)]
    order, why = decide(laws[0], laws[1], record)
    if order == 2:
        return second, why
    return (first if laws[0].best.match > _SURE else record), why


def _is_simple(found: Discovery) -> bool:
    """Whether a law with no more constants than equations leaves hardly more than the noise."""
    law = found.best
    few = law.constants <= len(found.states.coordinates) and not _has_clock(law, found)
    return few and law.match > _SURE and max(law.chi2.values()) < _NOISE


def search_laws(player: Player, record: Record, whole: bool = False) -> Discovery:
    """The laws of a record: the player's own if it ranks laws, else those of the built-in search.

    whole: only laws matter that can be followed from one start (`sparse.discover`).
    """
    observation = record.problem.observation
    search = getattr(player, "discover", None)
    if search is not None:
        found: Discovery = search(observation, whole=True) if whole else search(observation)
        return found
    return discover(
        observation.states,
        observation.trajectories,
        observation.hint,
        clock=observation.clock,
        knowledge=observation.knowledge,
        whole=whole,
    )


def decide(first: Discovery, second: Discovery, record: Record) -> tuple[int, str]:
    """The order that the best laws of both speak for, and why.

    Where the noise of the longer record was found to be independent, the laws' likelihoods decide, with a price on each
    constant and each starting value. Otherwise the order whose law does not predict as well loses. What the record does
    not decide, names and units do: positions have laws of second order, all else of first order.
    """
    laws = [first.best, second.best]
    left = [_left(law.r2) for law in laws]
    said = " against ".join(f"R2 {1 - each:.5f}" for each in reversed(left))
    trials = len(laws[0].initials)
    samples = sum(int(np.isfinite(trial.values).sum()) for trial in record.fitted)
    alike = max([1.0, *first.correlation.values(), *second.correlation.values()])
    worth = max(samples / alike, 8.0)
    numbers = [law.constants + trials * space.states.size for law, space in zip(laws, (first, second), strict=True)]
    # Of a law that uses a coordinate without a force as its clock, not much is a law.
    value = [
        worth * math.log(max(share, _EXACT)) + count * math.log(worth) + 2 * INDISTINCT * _has_clock(law, space)
        for share, count, law, space in zip(left, numbers, laws, (first, second), strict=True)
    ]
    if _has_clock(laws[0], first) and left[1] - left[0] <= _AS_WELL:
        return 2, f"The law is of second order: in one of first order, one coordinate is another's clock ({said})."
    if alike > 1.0 or samples < 60 * len(first.best.r2):
        worse = [left[k] - left[1 - k] > _AS_WELL or left[k] > 50 * max(left[1 - k], _EXACT * 5) for k in (0, 1)]
        decided = None if worse[0] == worse[1] else 1 + worse[0]
    else:
        gap = value[1] - value[0]
        decided = None if abs(gap) < INDISTINCT else 2 if gap < 0 else 1
    if decided == 2:
        return 2, f"The law is of second order: it explains the record better than one of first order ({said})."
    if decided == 1:
        return 1, f"The law is of first order: one of second order explains the record no better ({said})."
    if named := _positions(record):
        return (
            2,
            f"Both orders explain the record alike ({said}); {named} is named like a position, so the second is taken.",
        )
    return (
        1,
        f"Both orders explain the record alike ({said}), so the first is taken, which needs fewer starting values.",
    )


def _left(r2: Any) -> float:
    """Share of the variance that a law leaves over, mean over the observed columns."""
    values = [min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0 for value in r2.values()]
    return 1.0 - float(np.mean(values)) if values else 1.0


def _has_clock(law: Candidate, space: Discovery) -> bool:
    """Whether a law of several coordinates names the time, or drives one by another that moves at a constant speed."""
    sides = [part.partition("=")[2] for part in law.equation.split(";")]
    words = [set(_words(side)) for side in sides]
    if any("t" in each for each in words):
        return True
    names = set(space.states.columns)
    steady = {c.name for c, each in zip(space.states.coordinates, words, strict=True) if not each & names}
    return len(sides) > 1 and any(each & steady for each in words)


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split()


def _positions(record: Record) -> str:
    """The column that is named like a position, if all are; else an empty string."""
    columns = record.problem.observation.states.columns
    for name in columns:
        bare = record.names.get(name, name).lower().strip("0123456789_")
        if bare not in POSITIONS and record.units.get(name, "").lower() not in LENGTHS:
            return ""
    return str(columns[0])


def _turns_back(record: Record) -> int:
    """How often the one coordinate changes direction within a trial by more than noise could, in all trials."""
    count = 0
    for trial in record.fitted:
        x = trial.values[np.isfinite(trial.values[:, 0]), 0]
        if len(x) < 5:
            continue
        noise = float(np.median(np.abs(np.diff(x, 2)))) / 0.6745 / math.sqrt(6.0)
        count += count_turns(x, max(_TURN * float(np.ptp(x)), 8.0 * noise))
    return count


def count_turns(x: Array, step: float) -> int:
    """Number of turning points of a series between which it moves by more than `step`."""
    turns, direction, extreme = 0, 0, float(x[0])
    for value in x[1:].tolist():
        if (direction >= 0 and value > extreme) or (direction <= 0 and value < extreme):
            extreme = value if direction else extreme
        if direction == 0 and abs(value - extreme) > step:
            direction, extreme = (1 if value > extreme else -1), value
        elif direction and (extreme - value) * direction > step:
            direction, extreme, turns = -direction, value, turns + 1
    return turns


def second_order(record: Record) -> Record:
    """The record with a velocity that was not measured behind each position."""
    observation, truth = record.problem.observation, record.problem.truth
    taken = {*observation.states.columns, *observation.states.input_names}
    coordinates = []
    for name in observation.states.columns:
        velocity = next(v for v in (f"v{name}"[:MAX_NAME], *(f"v{k}" for k in range(1, 20))) if v not in taken)
        taken.add(velocity)
        coordinates.append(Coordinate(name, velocity))
    held_out = tuple(map(_with_velocities, record.held_out))
    problem = DiscoverTask().pose_record(
        replace(observation.states, coordinates=tuple(coordinates)),
        tuple(map(_with_velocities, observation.trajectories)),
        observation.hint,
        record.problem.key.subject,
        held_out,
        observation.clock,
        truth.continues,
        observation.knowledge,
    )
    units = dict(record.units)
    for c in coordinates:
        if c.name in units and record.time_unit:
            units[c.velocity or ""] = f"{units[c.name]}/{record.time_unit}"
    return replace(record, problem=problem, held_out=held_out, units=units)


def _with_velocities(trial: Trajectory) -> Trajectory:
    values = np.full((len(trial.t), 2 * trial.values.shape[1]), np.nan)
    values[:, ::2] = trial.values
    return replace(trial, values=values)
