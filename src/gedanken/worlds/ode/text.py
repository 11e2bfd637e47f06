"""How a record reads in a prompt: hint, table of samples, statistics, grammar, and the form of the answer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.ode.descriptors import Slopes, Swing, describe, noise_level
from gedanken.worlds.ode.inputs import HOLD, LINE, TRIAL
from gedanken.worlds.ode.law.parser import FUNCTIONS
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

# Changes with every change of a prompt; results record it.
VERSION = "ode-text-2"

# Rows shown in all: about 30 tokens each for two columns, so that small models have context left for an answer.
ROW_BUDGET = 48
# Fewest rows of a trial that show its motion; of many trials only the first ones are shown.
LEAST_ROWS = 8

# What the system message says about the form of an answer; not said where answers are calls of a tool.
FORM = "Answer with one JSON object."
SYSTEM_MESSAGE = (
    "You discover the law of motion behind a measured trajectory. A simulator integrates the equation you propose from "
    f"the trajectory's start and compares it with the data. {FORM}"
)


def write_prompt(
    states: StateSpace,
    trajectories: Sequence[Trajectory],
    hint: str = "",
    row_budget: int = ROW_BUDGET,
    known: str = "",
) -> str:
    """The description of a record for a language model, as one text; `known` says what is known of the law."""
    parts = [f"HINT: {hint}"] if hint else []
    parts += [known] if known else []
    shown = trajectories[: max(row_budget // LEAST_ROWS, 1)]
    parts += [
        write_table(states, trajectory, max(row_budget // len(shown), min(row_budget, LEAST_ROWS)))
        for trajectory in shown
    ]
    if len(shown) < len(trajectories):
        parts.append(f"{len(trajectories) - len(shown)} more trials are not shown, but count.")
    parts += [write_statistics(states, trajectories), write_grammar(states), write_schema(states)]
    return "\n\n".join(parts)


def write_table(states: StateSpace, trajectory: Trajectory, rows: int) -> str:
    """The observed columns at no more than `rows` samples, evenly chosen with both ends; `-` marks a missing reading.

    Columns that were not observed are left out and named in the head line.
    """
    seen = [k for k in range(states.size) if trajectory.observed[k]]
    chosen = _choose_rows(trajectory.t, rows)
    columns = [_format(trajectory.t[chosen], _time_digits(trajectory.t))]
    columns += [_format(trajectory.values[chosen, k], _digits(trajectory.values[:, k])) for k in seen]
    names = ["t", *(states.columns[k] for k in seen)]
    moving, settings = [], []
    for k, each in enumerate(states.inputs if trajectory.drive is not None else ()):
        readings = trajectory.drive.values[:, k]  # type: ignore[union-attr]
        if each.between == TRIAL:
            settings.append(f"{each.name} = {readings[0]:.6g}")
        else:
            digits = _decimals(1e-4 * float(np.ptp(readings) or abs(readings[0]) or 1.0))
            columns.append(_format(trajectory.drive.at(trajectory.t[chosen])[:, k], digits))  # type: ignore[union-attr]
            moving.append(each.name)
    names += moving
    widths = [max(map(len, [name, *column])) for name, column in zip(names, columns, strict=True)]
    lines = [
        " ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in [names, *zip(*columns, strict=True)]
    ]
    title = f"TRAJECTORY {trajectory.name}".rstrip()
    shown = (
        f"{len(chosen)} of {len(trajectory.t)} samples" if len(chosen) < len(trajectory.t) else f"{len(chosen)} samples"
    )
    hidden = [name for k, name in enumerate(states.columns) if not trajectory.observed[k]]
    missing = f"; {', '.join(hidden)} not measured" if hidden else ""
    missing += f"; input {', '.join(moving)}" if moving else ""
    missing += f"; {', '.join(settings)}" if settings else ""
    return "\n".join([f"{title} ({shown}{missing}):", *lines])


def write_statistics(states: StateSpace, trajectories: Sequence[Trajectory]) -> str:
    """Mean, standard deviation, least and largest value of each observed column, over all trials, and how it moves.

    The last is about the first trial: angular frequency and rate of decay of a column that oscillates, and slopes at
    both ends of one that does not. They come from all samples, of which the table shows few.
    """
    lines = ["STATISTICS:"]
    for k, name in enumerate(states.columns):
        readings = np.concatenate([trajectory.values[:, k] for trajectory in trajectories])
        readings = readings[np.isfinite(readings)]
        if any(trial.observed[k] for trial in trajectories):
            # For each trial alone, because the jump from one to the next is not noise.
            digits = max(_digits(trial.values[:, k]) for trial in trajectories if trial.observed[k])
            mean, std, low, high = _format(
                np.array([readings.mean(), readings.std(), readings.min(), readings.max()]), digits
            )
            lines.append(f"{name}: mean {mean}, std {std}, min {low}, max {high}{_write_motion(k, trajectories[0])}")
    return "\n".join(lines)


def _write_motion(column: int, trial: Trajectory) -> str:
    motion = describe(trial.t, trial.values[:, column]) if trial.observed[column] else None
    match motion:
        case Swing():
            frequency, decay = _format(np.array([motion.frequency, motion.decay]), _decimals(2e-3 * motion.frequency))
            return f", angular frequency {frequency}, decay {decay}"
        case Slopes():
            steepest = max(abs(motion.first), abs(motion.last))
            if not steepest > 0:
                return ""
            first, last = _format(np.array([motion.first, motion.last]), _decimals(2e-3 * steepest))
            return f", slope {first} to {last}"
    return ""


def write_grammar(states: StateSpace) -> str:
    """What an equation may be made of."""
    velocities = [f"{c.velocity} is d{c.name}/dt" for c in states.coordinates if c.velocity]
    names = " ".join(states.columns) + (f" ({', '.join(velocities)})" if velocities else "")
    return (
        "GRAMMAR: operators + - * / **, parentheses, numbers, functions "
        f"{' '.join(sorted(FUNCTIONS))}, state variables {names}, {_write_inputs(states)}time t, and parameters that "
        "you name and give values for. Nothing else."
    )


# What an input does between two readings, in words.
_BETWEEN = {LINE: "straight lines between readings", HOLD: "each reading holds until the next"}


def _write_inputs(states: StateSpace) -> str:
    """The inputs that an equation may name, as a part of the sentence about its names; empty where there are none."""
    moving = [f"{each.name} ({_BETWEEN[each.between]})" for each in states.inputs if each.between != TRIAL]
    settings = [each.name for each in states.inputs if each.between == TRIAL]
    parts = []
    if moving:
        parts.append(f"measured inputs that drive the system and have no equation {' '.join(moving)}, ")
    if settings:
        parts.append(f"known constants that differ between trials {' '.join(settings)}, ")
    return "".join(parts)


def write_schema(states: StateSpace) -> str:
    """The form of the answer. The example's law belongs to no system and is the same for every problem."""
    sides = "; ".join(f"{left} = ..." for left in states.left_sides)
    return (
        f'ANSWER: one JSON object {{"equation": "{sides}", "params": {{...}}, "rationale": "one sentence"}}. '
        'For another system it could read {"equation": "dq/dt = c*q*t", "params": {"c": 0.5}, "rationale": "..."}.'
    )


def write_call(states: StateSpace, tool: str) -> str:
    """The same where the answer is a call of `tool`, which takes the equation and the parameters."""
    sides = "; ".join(f"{left} = ..." for left in states.left_sides)
    return (
        f'ANSWER: a call of the tool {tool} with equation "{sides}" and params {{...}}. '
        'For another system it could be equation "dq/dt = c*q*t" and params {"c": 0.5}.'
    )


def _choose_rows(t: Array, rows: int) -> NDArray[np.intp]:
    """Indices of at most `rows` samples: those nearest to evenly spaced times, so that gaps stay visible."""
    if len(t) <= rows:
        return np.arange(len(t))
    wanted = np.linspace(t[0], t[-1], rows)
    right = np.clip(np.searchsorted(t, wanted), 1, len(t) - 1)
    nearest = np.where(wanted - t[right - 1] <= t[right] - wanted, right - 1, right)
    return np.unique(nearest)


def _digits(readings: Array) -> int:
    """Decimals that keep rounding well below the noise, without printing digits that are only noise.

    The last printed digit is at most a fifth of the noise, between 1e-4 and 1e-2 of the column's spread.
    """
    readings = readings[np.isfinite(readings)]
    spread = float(np.std(readings))
    if not spread > 0:
        return _decimals(1e-4 * max(abs(float(readings[0])), 1e-300))
    return _decimals(min(max(0.2 * noise_level(readings), 1e-4 * spread), 1e-2 * spread))


def _time_digits(t: Array) -> int:
    return _decimals(0.01 * float(np.min(np.diff(t))))


def _decimals(resolution: float) -> int:
    return int(np.ceil(-np.log10(resolution)))


def _format(values: Array, decimals: int) -> list[str]:
    """Cells of one column; scientific where plain decimals would need more than six places."""
    if decimals > 6:
        return ["-" if np.isnan(value) else f"{value:.4g}" for value in values]
    return ["-" if np.isnan(value) else f"{value:z.{max(decimals, 0)}f}" for value in values]
