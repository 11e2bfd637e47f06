"""Rounds of a step: begin with what each row's law asks for, tell the model what is left, book what it adds, repeat.

Where one contact touches nothing else, its law's impulse is the answer. Where rows share bodies, each impulse spoils
what the others need, and what to add to all of them together is what a model is asked for. The books keep every impulse
within what its row's law allows (contacts only push), and of all rounds the one counts that leaves least.
"""

from dataclasses import dataclass

import numpy as np

from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.couplings import Physics, Rows
from gedanken.worlds.rigid.engine.laws import due, each_alone, keep_each_within
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import _quantities as q

DUE, DUE_T = q.QUANTITIES, q.QUANTITIES + 1
"""Columns that follow those of `_quantities`: what the row's law would add if no other row changed."""

GIVEN = (
    "where bodies touch, what each contact alone would get by the textbook's law, and after each answer what is left"
)
"""What is worked out for a model that plays in rounds."""


@dataclass(frozen=True, eq=False)
class Step:
    """What acts in a step, or what pushes in it: contacts and joints, and the motion without their impulses.

    Attributes:
        flown: state after the motion without impulses, shape (n, 6).
        rows: shape (m, `couplings.COLUMNS`).
        masses: inverse masses and moments, shape (n, 2).
    """

    flown: Array
    rows: Rows
    masses: Array

    @classmethod
    def of_pushes(cls, flown: Array, rows: Rows, masses: Array) -> "Step":
        """The pushes of a step: impulses of contacts without friction that act on bodies at rest for a moment."""
        pushed = rows.copy()
        pushed[:, c.WANT] = np.where(rows[:, c.KIND] == c.CONTACT, rows[:, c.PUSH], 0.0)
        pushed[:, [c.WANT_T, c.FRICTION, c.BELT_X, c.BELT_Y]] = 0.0
        return cls(
            np.column_stack([flown[:, :2], *np.zeros((2, len(flown))), flown[:, 4], np.zeros(len(flown))]),
            pushed,
            masses,
        )

    def part(self, members: np.ndarray) -> "Step":
        """The same with these rows alone."""
        return Step(self.flown, self.rows[members], self.masses)

    def book(self, impulses: Array) -> Array:
        """The state with these impulses, shape (n, 6)."""
        state = self.flown.copy()
        c.settle(state, self.rows, impulses * (1.0, 1.0, 0.0), self.masses, 1.0, np.inf)
        return state

    def look(self, impulses: Array) -> Array:
        """What is told of each row that has these impulses, shape (m, DUE_T + 1)."""
        state = self.book(impulses)
        told = q.describe(state, self.rows, self.masses, impulses, False)
        return np.column_stack([told, due(state, self.rows, self.masses, impulses)[:, :2]])

    def alone(self) -> Array:
        """The impulses that each row's law asks for by itself, shape (m, 3)."""
        return np.asarray(each_alone(self.flown, self.rows, self.masses)) * (1.0, 1.0, 0.0)

    def begin(self, last: Array) -> Array:
        """The impulses of the first round: each alone or those of the step before, whichever leave less."""
        alone, warm = self.alone(), keep_each_within(self.rows, last) * (1.0, 1.0, 0.0)
        return alone if left(self.look(alone)) <= left(self.look(warm)) else warm

    def add(self, impulses: Array, changes: Array) -> Array:
        """Impulses after an answer, within what each row's law allows."""
        return np.asarray(keep_each_within(self.rows, impulses + changes))


def left(told: Array) -> float:
    """How much the rows' laws still ask for, px/s, root of the sum of squares."""
    return float(np.sqrt((told[:, DUE:] ** 2).sum()))
