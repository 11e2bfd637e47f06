"""The player: reads the contacts of the coming step, says their impulses, and books them as the format does."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from gedanken.errors import PlayerError
from gedanken.loop import Question
from gedanken.models.impulses import decoder
from gedanken.models.impulses import vocabulary as v
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.laws import each_alone
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import Prompt, contacts
from gedanken.worlds.rigid.text._ledger import FARTHEST, Ledger, Listing
from gedanken.worlds.rigid.text._quantities import ANSWERS, islands


class ImpulsePlayer:
    """A model of the format of contacts, asked in any format that tells the scene.

    It reads the question's text, lists the step's contacts by geometry, and answers group by group: bodies that touch
    are a group. The frame that its impulses give is written in the question's format.
    """

    given = contacts.GIVEN

    def __init__(self, folder: Path, name: str):
        """The model in `folder`, called `name`.

        Raises:
            UserError: there is no model, or one of another kind.
        """
        self.name = name
        self._weights = _load(folder)

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
        steps = []
        with Ledger(same.header.scene, same.header.labels) as ledger:
            found: Listing | None = ledger.open(same.states)
            while found is not None:
                impulses = predict(self._weights, [found], [scene], [ledger.physics])[0]
                steps.append((found.rows, impulses))
                found = ledger.next(impulses)
            state = ledger.state
        if layout == "contacts":
            return contacts.write_answer(same.next, steps)
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
    weights: decoder.Weights,
    listings: Sequence[Listing],
    scenes: Sequence[Scene],
    physics: Sequence[c.Physics],
) -> list[Array]:
    """Impulses of the rows of some steps, each of shape (rows, 3), all their groups side by side.

    Groups of more rows than the vocabulary has names for are answered by the textbook's law.
    """
    texts, plans, owners = [], [], []
    impulses = [np.zeros((len(found.rows), 3)) for found in listings]
    for k, found in enumerate(listings):
        if not len(found.rows):
            continue
        masses = physics[k].masses
        movable = masses[:, 0] > 0
        group = islands(found.rows, len(movable), masses)
        for number in np.unique(group):
            members = np.flatnonzero(group == number)
            if len(members) > v.ROWS:
                impulses[k][members] = each_alone(found.flown, found.rows[members], masses)
                continue
            pushes = v.has_push(found.quantities[members])
            ids = v.encode(found.rows, found.quantities, members, movable, scenes[k].solver.iterations, 0, False, 0)
            texts.append(ids)
            plans.append([v.answers(int(found.rows[row, c.KIND]), pushes) for row in members])
            owners.append((k, members))
    for (k, members), said in zip(owners, decoder.answer(weights, texts, plans), strict=True):
        for row, numbers in zip(members, said, strict=True):
            wanted = ANSWERS[int(listings[k].rows[row, c.KIND])]
            impulses[k][row, : min(wanted, len(numbers))] = numbers[:wanted]
            if len(numbers) > wanted:
                impulses[k][row, c.APART] = numbers[wanted]
    return impulses


@lru_cache(maxsize=4)
def _load(folder: Path) -> decoder.Weights:
    return decoder.load(folder)
