"""Inputs: what acts on a system from outside, is measured (or known), and has no law of its own.

A torque, a dose or the light is an input that changes with time; between two readings it is taken to run along a
straight line, or to hold its value until the next reading. A mass that differs between trials is an input, too: one
that stays the same throughout a trial.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# What an input does between two readings. `trial`: it is the same throughout a trial.
LINE, HOLD, TRIAL = "line", "hold", "trial"
# A reading this close to the line through its neighbours, as a share of the input's range, is no kink of its own.
STRAIGHT = 1e-12


@dataclass(frozen=True)
class Input:
    """A quantity that equations may name besides the states.

    Attributes:
        name: as equations write it.
        between: `line` (straight lines between readings), `hold` (each reading holds until the next) or `trial` (known,
            and constant within a trial).
    """

    name: str
    between: Literal["line", "hold", "trial"] = "line"

    def __post_init__(self) -> None:
        if self.between not in (LINE, HOLD, TRIAL):
            raise ValueError(f"an input runs along a line, holds, or is constant in a trial, not {self.between!r}")


@dataclass(frozen=True)
class Drive:
    """The values of all inputs during one trial.

    Before the first reading and after the last one, an input has the value of that reading.

    Attributes:
        t: times of the readings, shape (q,), strictly increasing, q >= 1.
        values: the readings, finite, shape (q, k), one column for each of `inputs`.
        inputs: what they are.
    """

    t: Array
    values: Array
    inputs: tuple[Input, ...]

    def __post_init__(self) -> None:
        if self.t.ndim != 1 or not len(self.t) or self.values.shape != (len(self.t), len(self.inputs)):
            raise ValueError(
                f"inputs need t (q,) and values (q, {len(self.inputs)}), not {self.t.shape} and {self.values.shape}"
            )
        if not (np.isfinite(self.t).all() and (np.diff(self.t) > 0).all() and np.isfinite(self.values).all()):
            raise ValueError("readings of inputs must be finite, their times strictly increasing")

    def at(self, t: Array) -> Array:
        """Values at times t (m,), shape (m, k); at a jump, the value after it."""
        out = np.empty((len(t), len(self.inputs)))
        last = np.clip(np.searchsorted(self.t, t, side="right") - 1, 0, len(self.t) - 1)
        for k, each in enumerate(self.inputs):
            if each.between == LINE:
                out[:, k] = np.interp(t, self.t, self.values[:, k])
            else:
                out[:, k] = self.values[last if each.between == HOLD else 0, k]
        return out

    def shifted(self, by: float) -> "Drive":
        """The same inputs on a clock that shows `by` more."""
        return replace(self, t=self.t + by)

    @cached_property
    def kinks(self) -> "Drive":
        """The same inputs by the fewest readings: only those at which some input jumps or bends.

        The solution is smooth between these, so that an integrator has to stop at no other time.
        """
        keep = np.zeros(len(self.t), bool)
        keep[0] = True
        for k, each in enumerate(self.inputs):
            u = self.values[:, k]
            if each.between == HOLD:
                keep[1:] |= np.diff(u) != 0
            elif each.between == LINE and len(u) > 1:
                slope = np.diff(u) / np.diff(self.t)
                bend = np.abs(np.diff(slope)) * np.minimum(np.diff(self.t)[1:], np.diff(self.t)[:-1])
                keep[1:-1] |= bend > STRAIGHT * np.ptp(u)
                # The line ends with the last reading, after which the input keeps its value.
                keep[-1] |= bool(np.ptp(u) > 0)
        if keep.all():
            return self
        return Drive(self.t[keep], self.values[keep], self.inputs)


def constants(drives: Sequence[Drive], name: str) -> Array:
    """Value of a `trial` input in each of several trials, shape (trials,)."""
    return np.array([drive.values[0, [each.name for each in drive.inputs].index(name)] for drive in drives])
