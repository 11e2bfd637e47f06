"""Rounds of a step: begin with what each row's law asks for, tell the model what is left, book what it adds, repeat.

Where one contact touches nothing else, its law's impulse is the answer. Where rows share bodies, each impulse spoils
what the others need, and what to add to all of them together is what a model is asked for. The books keep every impulse
within what its row's law allows (contacts only push), and book only what leaves less than there was.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.couplings import Rows
from gedanken.worlds.rigid.engine.laws import due, each_alone, keep_each_within
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import _quantities as q

DUE, DUE_T = q.QUANTITIES, q.QUANTITIES + 1
"""Columns that follow those of `_quantities`: what the row's law would add if no other row changed."""

ROUNDS = 3
"""Most answers about a group."""

SHARES = (1.0, 0.5, 0.25)
"""Shares of an answer that are tried, until one leaves less than there was."""

ENOUGH = 0.5
"""What may be left of a group (px/s) for it not to be asked about (again)."""

ENOUGH_PUSH = 1.0
"""The same for pushes: a sixtieth of it moves a body."""

PUSH_FROM = 0.01
"""Push (px/s) of a row from which on pushes are worked out: less moves nothing by the last digit."""

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
        asked = due(state, self.rows, self.masses, impulses)[:, :2]
        # What a damper needs depends on what it has already.
        springs = self.rows[:, c.KIND] == c.SPRING
        told[springs, q.NEED] = asked[springs, 0]
        return np.column_stack([told, asked])

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


class Group:
    """Rows that share bodies, on their way through the rounds.

    Attributes:
        members: their places among the rows of the step.
        column: which impulses they are about: `couplings.NORMAL` (and across), or `APART` for pushes.
        step: what acts there.
        told: what is told of them now, see `Step.look`.
        best: the impulses so far, shape (members, 3).
        asks: whether there is something left to ask for.
    """

    def __init__(self, members: NDArray[np.int64], column: int, step: Step, begin: Array):
        self.members, self.column, self.step = members, column, step
        self.best = begin
        self.told = step.look(begin)
        self._left = left(self.told)
        self.asks = self._left > self._enough

    @property
    def _enough(self) -> float:
        return ENOUGH if self.column == c.NORMAL else ENOUGH_PUSH

    def hear(self, changes: Array) -> None:
        """Book an answer, shape (members, 3), or the first share of it that leaves less; nothing if none does."""
        for share in SHARES:
            tried = self.step.add(self.best, share * changes)
            told = self.step.look(tried)
            remains = left(told)
            if remains < self._left:
                self._left, self.best, self.told = remains, tried, told
                self.asks = remains > self._enough
                return
        # The next question would be the same.
        self.asks = False


def open_groups(flown: Array, rows: Rows, masses: Array, last: Array, pushed: bool) -> list[Group]:
    """The groups of a step with the impulses that they begin with.

    Args:
        flown: state after the motion without impulses, shape (n, 6).
        rows: of the step.
        masses: inverse masses and moments, shape (n, 2).
        last: impulses of the step before, shape (rows, 3).
        pushed: positions have the push, so that there are pushes to be worked out.
    """
    if not len(rows):
        return []
    acting, pushing = Step(flown, rows, masses), None
    if pushed and (rows[rows[:, c.KIND] == c.CONTACT, c.PUSH] > PUSH_FROM).any():
        pushing = Step.of_pushes(flown, rows, masses)
    number = q.islands(rows, len(masses), masses)
    groups = []
    for which in np.unique(number):
        members = np.flatnonzero(number == which)
        part = acting.part(members)
        groups.append(Group(members, c.NORMAL, part, part.begin(last[members])))
        if pushing is not None:
            part = pushing.part(members)
            groups.append(Group(members, c.APART, part, part.alone()))
    return groups


def close_groups(groups: Sequence[Group], rows: int) -> Array:
    """The impulses of a step, shape (rows, 3)."""
    impulses = np.zeros((rows, 3))
    for group in groups:
        if group.column == c.NORMAL:
            impulses[group.members, :2] = group.best[:, :2]
        else:
            impulses[group.members, c.APART] = group.best[:, c.NORMAL]
    return impulses
