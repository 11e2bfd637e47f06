"""The books of the format `contacts`: what acts in each step of a frame, and the frame that impulses give."""

from dataclasses import dataclass
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np

from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.couplings import Physics, Rows
from gedanken.worlds.rigid.engine.simulate import Labels
from gedanken.worlds.rigid.engine.tracing import Encounters
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import Prompt
from gedanken.worlds.rigid.text._quantities import describe, recall

RATES = [2, 3, 5]
"""Columns of velocities and spin in a state."""

FARTHEST = 99_999.0
"""Positions and velocities beyond it are not looked at for contacts."""


@dataclass(frozen=True, eq=False)
class Listing:
    """What acts in one step.

    Attributes:
        flown: state after the motion without impulses, shape (n, 6).
        rows: contacts and joints, shape (m, `couplings.COLUMNS`).
        last: impulses in the step before, as the frames tell them, shape (m, 3).
        quantities: what the lines say, shape (m, `_quantities.QUANTITIES`).
        last_of_frame: it is the last step of its frame.
        pushed: positions take the push.
    """

    flown: Array
    rows: Rows
    last: Array
    quantities: Array
    last_of_frame: bool
    pushed: bool = True


class Detector(Protocol):
    """Tells what acts in a step; `engine.tracing.Encounters` does it by geometry."""

    @property
    def physics(self) -> Physics:
        """The scene's motion and bookkeeping."""

    def meet(self, state: Array) -> tuple[Array, Rows]:
        """The state after the next step without impulses, shape (n, 6), and the rows of what acts in it."""

    def __exit__(self, *exception: object) -> None: ...


class Ledger:
    """The books of one frame: what acts in each of its steps, and the frame that impulses give.

    Use it in a `with` statement: it holds a space for the geometry. Impulses have shape (rows, 3), see
    `couplings.NORMAL`. `next` of the impulses of a step gives the listing of the step after it, or None after the
    frame's last.
    """

    def __init__(self, scene: Scene, labels: Labels, detector: Detector | None = None):
        """The books of a scene whose frames have such positions (see `simulate`): raw ones take no push.

        What acts in a step is what `detector` says; what geometry says if there is none.
        """
        self._encounters: Detector = detector or Encounters(scene)
        self.physics: Physics = self._encounters.physics
        self._steps = scene.solver.substeps
        self._pushed = labels == "pushed"
        self._number = 0
        self._state = np.empty((0, 6))
        self._listing: Listing | None = None

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *exception: object) -> None:
        self._encounters.__exit__()

    @property
    def state(self) -> Array:
        """State after the last step that was booked, shape (n, 6), not rounded."""
        return self._state

    def open(self, states: Array) -> Listing:
        """Begin with the frame after `states`, shape (k, n, 6): the listing of its first step."""
        self._number, self._state = 0, np.clip(np.nan_to_num(states[-1]), -FARTHEST, FARTHEST)
        change = np.zeros((len(self._state), 3))
        if len(states) > 1:
            before = np.clip(np.nan_to_num(states[-2]), -FARTHEST, FARTHEST)
            flown = self.physics.fly(before)[0]
            # What motion without impulses changes in a step, it changes in each of the frame.
            free = before + self._steps * (flown - before)
            change = (self._state - free)[:, RATES] / self._steps
        return self._list(change)

    def next(self, impulses: Array) -> Listing | None:
        """Book the impulses of the step that was listed last."""
        listing = self._listing
        assert listing is not None
        booked = impulses if self._pushed else impulses * (1.0, 1.0, 0.0)
        self._state = self.physics.settle(listing.flown, listing.rows, booked, listing.last_of_frame)
        if listing.last_of_frame:
            self._listing = None
            return None
        self._number += 1
        return self._list((self._state - listing.flown)[:, RATES])

    def _list(self, change: Array) -> Listing:
        state = np.clip(np.nan_to_num(self._state), -FARTHEST, FARTHEST)
        flown, rows = self._encounters.meet(state)
        rows = rows[np.isfinite(rows[:, : c.FRICTION]).all(1)]
        last = recall(flown, rows, self.physics.masses, change)
        told = describe(flown, rows, self.physics.masses, last, self._pushed)
        self._listing = Listing(flown, rows, last, told, self._number == self._steps - 1, self._pushed)
        return self._listing


_first: WeakKeyDictionary[Prompt, Listing] = WeakKeyDictionary()


def listing(prompt: Prompt) -> Listing:
    """What the prompt's section lists: the first step after its frames."""
    found = _first.get(prompt)
    if found is None:
        with Ledger(prompt.header.scene, prompt.header.labels) as ledger:
            found = _first[prompt] = ledger.open(prompt.states)
    return found
