"""Players that say impulses: the format of contacts has its own baselines, in every format that tells the scene.

What is worked out for them is what the format of contacts works out for a model: which contacts the coming step has,
where, and how fast their sides meet. They are what a model of that text has to beat.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gedanken.errors import PlayerError
from gedanken.loop import Question
from gedanken.tasks.predict.observation import Observation
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.engine.couplings import Physics, Rows
from gedanken.worlds.rigid.engine.laws import each_alone
from gedanken.worlds.rigid.rounds import DUE, DUE_T, ROUNDS, close_groups, open_groups
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import Prompt, contacts
from gedanken.worlds.rigid.text._ledger import FARTHEST, Ledger, Listing

Law = Callable[[Listing, Physics], Array]
"""Impulses of a step's rows, shape (rows, 3)."""

LAWS: dict[str, Law] = {}


def _law(function: Law) -> Law:
    LAWS[function.__name__] = function
    return function


@_law
def free(listing: Listing, physics: Physics) -> Array:
    """No impulse: motion by gravity, fields, springs and drag alone."""
    return np.zeros((len(listing.rows), 3))


@_law
def warm(listing: Listing, physics: Physics) -> Array:
    """The impulses of the step before, and no push."""
    return listing.last


@_law
def alone(listing: Listing, physics: Physics) -> Array:
    """Every contact and joint for itself by the textbook's law, as if it were the only one."""
    return np.asarray(each_alone(listing.flown, listing.rows, physics.masses))


@_law
def rounds(listing: Listing, physics: Physics) -> Array:
    """As many rounds as a model of impulses takes, in which every row adds half of what its law still asks for."""
    groups = open_groups(listing.flown, listing.rows, physics.masses, listing.last, listing.pushed)
    for _ in range(ROUNDS):
        for group in groups:
            if group.asks:
                group.hear(np.column_stack([0.5 * group.told[:, [DUE, DUE_T]], np.zeros(len(group.told))]))
    return close_groups(groups, len(listing.rows))


def read_scene(question: Question, name: str) -> Prompt:
    """The question's prompt as the format of contacts has it.

    Raises:
        PlayerError: the question's format does not tell the scene.
    """
    observation: Observation = question.observation
    prompt = observation.prompt
    scene = getattr(prompt.header, "scene", None)
    if scene is None:
        raise PlayerError(f"the format {observation.format} does not tell the scene, so {name} knows no contacts")
    if observation.format == "contacts":
        return prompt
    return Prompt(contacts.Header.of(scene, prompt.header.labels), prompt.states, prompt.first)


def write_frame(question: Question, prompt: Prompt, steps: Sequence[tuple[Rows, Array]], state: Array) -> str:
    """Impulses as an answer in the question's format: as they are in `contacts`, elsewhere the frame they give."""
    observation: Observation = question.observation
    if observation.format == "contacts":
        return contacts.write_answer(prompt.next, steps)
    printed = np.clip(np.rint(state * 10_000) / 10_000, -FARTHEST, FARTHEST) + 0.0
    return text.load(observation.format).write_target(observation.prompt, printed)


class Booker:
    """Says impulses by a law, and books them."""

    def __init__(self, name: str, law: str, given: str = contacts.GIVEN):
        """The player `name`, by one of `LAWS`; `given` says what is worked out for it."""
        self.name, self.given = name, given
        self._law = LAWS[law]

    def answer(self, question: Question) -> str:
        """The frame that the law's impulses give.

        Raises:
            PlayerError: the format does not tell the scene.
        """
        prompt = read_scene(question, self.name)
        steps: list[Any] = []
        with Ledger(prompt.header.scene, prompt.header.labels) as ledger:
            found: Listing | None = ledger.open(prompt.states)
            while found is not None:
                impulses = self._law(found, ledger.physics)
                steps.append((found.rows, impulses))
                found = ledger.next(impulses)
            return write_frame(question, prompt, steps, ledger.state)
