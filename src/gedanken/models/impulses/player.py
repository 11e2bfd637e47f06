"""The player: reads the contacts of the coming step, says their impulses, and books them as the format does."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from gedanken.errors import PlayerError
from gedanken.loop import Question
from gedanken.models.impulses import decoder
from gedanken.models.impulses import vocabulary as v
from gedanken.models.impulses.rounds import GIVEN, Step, left
from gedanken.models.impulses.vocabulary import Ids
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import Prompt, contacts
from gedanken.worlds.rigid.text._ledger import FARTHEST, Ledger, Listing
from gedanken.worlds.rigid.text import _quantities as q
from gedanken.worlds.rigid.text._quantities import ANSWERS

ROUNDS = 3
"""Most answers about a group."""

ENOUGH = 0.1
"""What may be left of a group (px/s) for it not to be asked about (again)."""

ENOUGH_PUSH = 1.0
"""The same for pushes: a sixtieth of it moves a body."""

PUSH_FROM = 0.01
"""Push (px/s) of a row from which on pushes are worked out: less moves nothing by the last digit."""


class ImpulsePlayer:
    """A model of the format of contacts, asked in any format that tells the scene.

    It reads the question's text, lists the step's contacts by geometry, and answers group by group: bodies that touch
    are a group. The frame that its impulses give is written in the question's format.
    """

    given = GIVEN

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
    """Impulses of the rows of some steps, each of shape (rows, 3), all their groups side by side."""
    impulses = [np.zeros((len(found.rows), 3)) for found in listings]
    tasks: list[_Group] = []
    for k, found in enumerate(listings):
        if not len(found.rows):
            continue
        masses = physics[k].masses
        steps = [(c.NORMAL, Step(found.flown, found.rows, masses), found.last)]
        if found.quantities[:, q.PUSH].max() > PUSH_FROM:
            steps.append((c.APART, Step.of_pushes(found.flown, found.rows, masses), np.zeros_like(found.last)))
        group = q.islands(found.rows, len(masses), masses)
        for number in np.unique(group):
            members = np.flatnonzero(group == number)
            for column, step, last in steps:
                part = step.part(members)
                begin = part.begin(last[members]) if column == c.NORMAL else part.alone()
                movable = masses[:, 0] > 0
                tasks.append(_Group(k, members, column, part, movable, scenes[k].solver.iterations, begin))
    for _ in range(ROUNDS):
        _play_round(weights, [task for task in tasks if task.asks])
    for task in tasks:
        if task.column == c.NORMAL:
            impulses[task.listing][task.members, :2] = task.best[:, :2]
        else:
            impulses[task.listing][task.members, c.APART] = task.best[:, c.NORMAL]
    return impulses


class _Group:
    """A group of rows on its way through the rounds.

    Attributes:
        listing: number of the step that it is of.
        members: its rows there.
        column: of the impulses that it gives: `couplings.NORMAL`, or `APART` for pushes.
        best: the impulses that leave least, shape (rows, 3).
    """

    def __init__(
        self, listing: int, members: Ids, column: int, step: Step, movable: np.ndarray, iterations: int, begin: Array
    ):
        self.listing, self.members, self.column = listing, members, column
        self._step, self._movable, self._iterations = step, movable, iterations
        self._now = self.best = begin
        self._told = step.look(begin)
        self._left = left(self._told)
        self.asks = self._left > (ENOUGH if column == c.NORMAL else ENOUGH_PUSH) and len(members) <= v.ROWS

    @property
    def ids(self) -> Ids:
        """The text of the next round."""
        places = np.arange(len(self.members))
        return np.asarray(v.encode(self._step.rows, self._told, places, self._movable, self._iterations, 0, False, 0))

    @property
    def plan(self) -> list[int]:
        """How many numbers the answer has for each row."""
        return [ANSWERS[int(kind)] for kind in self._step.rows[:, c.KIND]]

    def hear(self, said: Sequence[Sequence[float]]) -> None:
        """Book an answer."""
        changes = np.zeros((len(self.members), 3))
        for row, numbers in zip(changes, said, strict=True):
            row[: len(numbers)] = numbers
        self._now = self._step.add(self._now, changes)
        self._told = self._step.look(self._now)
        remains = left(self._told)
        if remains < self._left:
            self._left, self.best = remains, self._now
        self.asks = remains > (ENOUGH if self.column == c.NORMAL else ENOUGH_PUSH)


def _play_round(weights: decoder.Weights, tasks: Sequence[_Group]) -> None:
    answers = decoder.answer(weights, [task.ids for task in tasks], [task.plan for task in tasks])
    for task, said in zip(tasks, answers, strict=True):
        task.hear(said)


@lru_cache(maxsize=4)
def _load(folder: Path) -> decoder.Weights:
    return decoder.load(folder)
