"""Which columns of a person's table are inputs: what drives the system, and constants that differ between trials."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gedanken.errors import UserError
from gedanken.worlds.ode.inputs import HOLD, LINE, TRIAL, Drive, Input
from gedanken.worlds.ode.trajectory import Array, Trajectory

# Beginnings of names of columns that are set by whoever makes the record, not by the system.
DRIVERS = (
    *("torque", "dose", "dosage", "voltage", "light", "valve", "throttle", "heater", "pwm", "motor", "input"),
    *("control", "command", "setpoint", "duty", "drive", "driving", "stimulus", "infusion", "feed_rate", "u_"),
)


@dataclass(frozen=True)
class InputColumns:
    """Columns that are read but not modelled, as a person names them.

    Attributes:
        line: inputs that run along straight lines between readings.
        hold: inputs each of whose readings holds until the next.
        parameters: known constants, the same throughout a trial.
        guess: take columns for inputs, or for parameters, where that is plain, with a note.
    """

    line: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    guess: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """All that were named, each once."""
        return tuple(dict.fromkeys((*self.line, *self.hold, *self.parameters)))

    def kind(self, header: str) -> str | None:
        """What a column named by its header is, None for a state."""
        if header in self.hold:
            return HOLD
        if header in self.line:
            return LINE
        return TRIAL if header in self.parameters else None


def take_inputs(
    file: str,
    trials: list[Trajectory],
    names: Sequence[str],
    kinds: Sequence[str | None],
    guess: bool,
    notes: list[str],
) -> tuple[list[str], list[Trajectory], tuple[Input, ...]]:
    """Move the input columns out of the values of trials, into their drives.

    Args:
        file: what the file is called.
        trials: every column as a state.
        names: of the columns.
        kinds: `line`, `hold` or `trial` of each column that was named as an input, None of the others.
        guess: take more columns for inputs where that is plain.
        notes: takes the notes.

    Returns:
        The names of the states left, the trials, and the inputs.

    Raises:
        UserError: a parameter that changes within a trial, or an input without readings in a trial.
    """
    found = list(kinds)
    if guess:
        for k, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            others = [j for j in range(len(names)) if j != k and found[j] is None]
            if kind is None and any(_moves(trials, j) for j in others):
                found[k] = _guess(name, k, trials, notes)
    if not any(found):
        return list(names), trials, ()
    chosen = [k for k, kind in enumerate(found) if kind is not None]
    inputs = tuple(Input(names[k], found[k]) for k in chosen)  # type: ignore[arg-type]
    rest = [k for k, kind in enumerate(found) if kind is None]
    if not rest:
        raise UserError(f"every column of {file} is an input; a law needs a column that it explains")
    driven = []
    for trial in trials:
        readings = [
            _readings(file, each, trial, trial.values[:, k], notes) for each, k in zip(inputs, chosen, strict=True)
        ]
        drive = Drive(trial.t, np.stack(readings, axis=1), inputs)
        driven.append(replace(trial, values=np.ascontiguousarray(trial.values[:, rest]), drive=drive))
    return [names[k] for k in rest], driven, inputs


def _moves(trials: Sequence[Trajectory], column: int) -> bool:
    """Whether a column changes within some trial."""
    return any(_range(trial.values[:, column]) > 0 for trial in trials)


def _range(values: Array) -> float:
    seen = values[np.isfinite(values)]
    return float(np.ptp(seen)) if len(seen) else 0.0


def _guess(name: str, column: int, trials: Sequence[Trajectory], notes: list[str]) -> str | None:
    """What an unnamed column plainly is: an input by its name, or a constant that differs between trials."""
    if _moves(trials, column):
        word = name.lower()
        # `u` is what control engineers call an input; where it does not step, it may as well be a velocity.
        if not (word.startswith(DRIVERS) or (word == "u" and _steps(trials, column))):
            return None
        kind = HOLD if _steps(trials, column) else LINE
        told = "each reading holds until the next" if kind == HOLD else "a straight line between readings"
        notes.append(f"column {name!r} is read as an input ({told}), by its name; if it has a law, name the --state")
        return kind
    levels = [trial.values[np.isfinite(trial.values[:, column]), column] for trial in trials]
    if all(map(len, levels)) and len({float(each[0]) for each in levels}) > 1:
        notes.append(f"column {name!r} is constant within each trial and differs between them: a known parameter")
        return TRIAL
    return None


def _steps(trials: Sequence[Trajectory], column: int) -> bool:
    """Whether a column mostly stays where it is and then jumps, as a command that is switched does."""
    changes = np.concatenate([np.diff(trial.values[:, column]) for trial in trials])
    changes = changes[np.isfinite(changes)]
    return bool(len(changes) and (changes == 0).mean() > 0.5)


def _readings(file: str, each: Input, trial: Trajectory, values: Array, notes: list[str]) -> Array:
    """The readings of an input with none missing."""
    seen = np.isfinite(values)
    which = f" of trial {trial.name}" if trial.name else ""
    if not seen.any():
        raise UserError(f"the input {each.name!r}{which} has no reading in {file}")
    if each.between == TRIAL:
        low, high = float(values[seen].min()), float(values[seen].max())
        if high - low > 1e-9 * max(abs(low), abs(high)):
            raise UserError(
                f"the parameter {each.name!r} changes from {low:g} to {high:g} within one trial{which} of {file}; "
                "what changes is an input (--input), and runs are told apart by --trial"
            )
        return np.full(len(values), values[seen][0])
    if seen.all():
        return values
    if each.between == HOLD:
        last = np.maximum.accumulate(np.where(seen, np.arange(len(values)), -1))
        filled = values[np.where(last < 0, np.flatnonzero(seen)[0], last)]
        how = "hold the reading before"
    else:
        filled = np.interp(trial.t, trial.t[seen], values[seen])
        how = "are bridged by a straight line"
    notes.append(f"{int((~seen).sum())} missing readings of the input {each.name}{which} {how}")
    return np.asarray(filled)
