"""The player: reads the contacts of the coming step, says their impulses, and books them as the format does."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gedanken.errors import PlayerError
from gedanken.loop import Question
from gedanken.models.impulses import decoder
from gedanken.models.impulses import vocabulary as v
from gedanken.models.llama.weights import Weights
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.rounds import GIVEN, ROUNDS, Group, close_groups, open_groups
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import Prompt, contacts
from gedanken.worlds.rigid.text._ledger import FARTHEST, Ledger, Listing
from gedanken.worlds.rigid.text._quantities import ANSWERS

_ANSWERS = np.array(ANSWERS)


class ImpulsePlayer:
    """A model of the format of contacts, asked in any format that tells the scene.

    It reads the question's text, lists the step's contacts by geometry, and answers group by group (bodies that touch
    are a group), in rounds (`worlds.rigid.rounds`). The frame that its impulses give is written in the question's
    format.
    """

    given = GIVEN

    def __init__(self, folder: Path, name: str):
        """The model in `folder`, called `name`.

        Raises:
            UserError: there is no model, or one of another kind.
        """
        self.name = name
        self._weights = load_weights(folder)

    def __repr__(self) -> str:
        return f"ImpulsePlayer({self.name!r})"

    def answer(self, question: Question) -> str:
        """The next frame.

        Raises:
            PlayerError: the question is no text of a scene, or its format does not tell the scene.
        """
        layout, prompt = read_prompt(question, self.name)
        if layout == "contacts":
            same = prompt
        else:
            same = Prompt(contacts.Header.of(prompt.header.scene, prompt.header.labels), prompt.states, prompt.first)
        scene: Scene = same.header.scene
        with Ledger(scene, same.header.labels) as ledger:
            steps = book(self._weights, ledger, same)
            state = ledger.state
        if layout == "contacts":
            return contacts.write_answer(same.next, [(found.rows, impulses) for found, impulses in steps])
        return write_frame(layout, prompt, state)


def book(weights: Weights, ledger: Ledger, prompt: Prompt) -> list[tuple[Listing, Array]]:
    """Say the impulses of each step of the coming frame and book them: what acts, and the impulses, shape (rows, 3)."""
    steps = []
    found: Listing | None = ledger.open(prompt.states)
    while found is not None:
        impulses = predict(weights, [found], [prompt.header.scene], [ledger.physics])[0]
        steps.append((found, impulses))
        found = ledger.next(impulses)
    return steps


def write_frame(layout: str, prompt: Prompt, state: Array) -> str:
    """A frame that was booked, in the question's format."""
    printed = np.clip(np.rint(state * 10_000) / 10_000, -FARTHEST, FARTHEST) + 0.0
    return text.load(layout).write_target(prompt, printed)


def read_prompt(question: Question, name: str) -> tuple[str, Prompt]:
    """The format and the content of the newest message.

    Raises:
        PlayerError: it is in no format that tells the scene.
    """
    content = question.messages[-1]["content"]
    layout = getattr(question.observation, "format", "v1")
    prompt = text.load(layout).parse_prompt(content)
    if isinstance(prompt, list):
        raise PlayerError(f"{name} cannot read the prompt: {prompt[0]}")
    if getattr(prompt.header, "scene", None) is None:
        raise PlayerError(f"the format {layout} does not tell the scene, so {name} knows no contacts")
    return layout, prompt


def predict(
    weights: Weights,
    listings: Sequence[Listing],
    scenes: Sequence[Scene],
    physics: Sequence[c.Physics],
) -> list[Array]:
    """Impulses of the rows of some steps, each of shape (rows, 3), all their groups side by side."""
    opened = [
        open_groups(found.flown, found.rows, p.masses, found.last, found.pushed)
        for found, p in zip(listings, physics, strict=True)
    ]
    groups = [(group, scenes[k], physics[k].masses[:, 0] > 0) for k, some in enumerate(opened) for group in some]
    for _ in range(ROUNDS):
        asking = [entry for entry in groups if entry[0].asks and len(entry[0].members) <= v.ROWS]
        written = [_write(*entry) for entry in asking]
        counts = [_ANSWERS[group.step.rows[:, c.KIND].astype(int)] for group, _, _ in asking]
        said = decoder.answer(weights, [text for text, _ in written], [cues for _, cues in written], counts)
        for (group, _, _), numbers in zip(asking, said, strict=True):
            group.hear(np.column_stack([numbers * v.unit(group.told), np.zeros(len(numbers))]))
    return [close_groups(some, len(found.rows)) for some, found in zip(opened, listings, strict=True)]


def _write(group: Group, scene: Scene, movable: NDArray[np.bool_]) -> tuple[v.Ids, v.Ids]:
    """The tokens of a group's next round, and those before the answer to each row."""
    rows, places = group.step.rows, np.arange(len(group.members))
    text, cues = v.encode(rows, group.told, places, movable, scene.solver.iterations, 0, False, 0)
    return text, cues


@lru_cache(maxsize=4)
def load_weights(folder: Path) -> Weights:
    """The weights of the model in a folder, kept for the next player.

    Raises:
        UserError: there is no model, or one of another kind.
    """
    return decoder.load(folder)
