"""What a problem teaches: its law, and what follows a wrong one.

A wrong law is the right one with its constants blurred, as who reads them off a record has them, or with up to three
mistakes (`tasks.discover.teacher`); or it is a model's own. What is taught behind it is the change of its constants,
where only they are wrong, and else the law.

The simulator's word on a wrong law says in which direction it misses. So a first answer only has to be near, which a
small model can learn; what is left, it is told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.loop import Message, Problem, Turn
from gedanken.models.laws.dialect import write_answer, write_conversation
from gedanken.models.laws.vocabulary import Vocabulary, split, words_of
from gedanken.seeding import stream
from gedanken.tasks.discover import teacher
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.training.pairs import read_samples
from gedanken.training.scratch.loader import Example
from gedanken.training.turns import replay

POOL = 48
"""Problems of a pool."""

DEPTHS = (0, 1, 1, 2)
"""Wrong laws before the answer, of each example of a problem."""

NOISES = (0.0, 0.01, 0.02, 0.05)

ROWS = 16
"""Rows of a table that the prompt shows."""

BLURRED = 0.6
"""Share of the wrong laws whose constants alone are wrong."""

SPELLED = 0.15
"""Share of the examples in which some words of the answer are spelled, as words that no list has must be."""

UNSPELLED = frozenset(("scale", "drop", "add", "replace", "by", "with", "in", "sin", "cos", "tan", "exp", "log"))

WORDS_FROM = 1_000_000
"""Index of the first of the problems whose words are listed."""

LISTED = 4
"""Problems of each system whose words are listed."""


@dataclass(frozen=True)
class Problems:
    """Problems of the training split, and a model's own answers to some, as examples.

    Attributes:
        subjects: systems.
        favourites: systems that `favoured` of the problems are about.
        favoured: that share.
        words: the vocabulary's.
        mistakes: files of a model's own answers.
        own: share of the examples that come from these.
    """

    subjects: Sequence[str]
    favourites: Sequence[str]
    favoured: float
    words: Sequence[str]
    mistakes: Sequence[str] = ()
    own: float = 0.0

    @cached_property
    def _judge(self) -> DiscoverTask:
        return DiscoverTask(mode="training")

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self.words)

    @cached_property
    def _samples(self) -> list[tuple[dict[str, Any], list[str], str]]:
        return [each for path in self.mistakes for each in read_samples(Path(path), self._judge)]

    def make_pool(self, number: int) -> list[Example]:
        """The examples of `POOL` problems.

        Raises:
            UserError: a file of answers cannot be read, or is about what is held out.
        """
        examples = []
        for place in range(POOL):
            rng = stream("laws", "examples", number, place)
            if self._samples and rng.random() < self.own:
                pairs = self._from_sample(rng)
            else:
                pairs = self._from_problem(number * POOL + place, rng)
            examples += [self._write(messages, answer, rng) for messages, answer in pairs]
        return examples

    def _from_problem(self, index: int, rng: np.random.Generator) -> Iterator[tuple[list[Message], str]]:
        subjects = self.favourites if self.favourites and rng.random() < self.favoured else self.subjects
        subject = str(rng.choice(list(subjects)))
        judge = self._judge
        problem = judge.pose(subject, split="train", index=index, rows=ROWS, noise=float(rng.choice(NOISES)))
        taught = judge.teach(problem)
        for depth in DEPTHS:
            turns: list[Turn] = []
            for _ in range(depth):
                wrong = (teacher.blur if rng.random() < BLURRED else teacher.spoil)(problem, rng)
                verdict = judge.verify(problem, wrong, turns) if wrong is not None else None
                if verdict is not None and not verdict.solved:
                    turns.append(Turn(wrong or "", verdict))
            if bool(turns) == bool(depth):
                yield judge.ask(problem, turns), _next_answer(problem, turns, taught)

    def _from_sample(self, rng: np.random.Generator) -> Iterator[tuple[list[Message], str]]:
        key, earlier, answer = self._samples[int(rng.integers(len(self._samples)))]
        problem = self._judge.pose(**key)
        turns = replay(self._judge, problem, [*earlier, answer])
        if not any(turn.verdict.solved for turn in turns):
            yield self._judge.ask(problem, turns), _next_answer(problem, turns, self._judge.teach(problem))

    def _write(self, messages: Sequence[Message], answer: str, rng: np.random.Generator) -> Example:
        spelled: set[str] = set()
        if rng.random() < SPELLED:
            spelled = {word for word in words_of([answer]) if word not in UNSPELLED and rng.random() < 0.5}
        text = write_conversation(messages, self._vocabulary, spelled)
        said = write_answer(answer, self._vocabulary, spelled)
        asked = np.zeros(len(text) + len(said), bool)
        asked[len(text) :] = True
        return Example(np.array([*text, *said], np.int32), asked)

    def __getstate__(self) -> dict[str, Any]:
        """Without what another process makes for itself."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def _next_answer(problem: Problem, turns: Sequence[Turn], taught: str) -> str:
    """What is taught after these turns."""
    wrong = turns[-1].verdict.reading if turns else None
    return (teacher.mend(problem, wrong) if wrong is not None else None) or taught


def list_words(subjects: Sequence[str]) -> list[str]:
    """The words of some problems of each system, of their answers and of what the simulator says to wrong ones."""
    judge = DiscoverTask(mode="training")
    texts: list[str] = [" ".join(sorted(UNSPELLED))]
    for subject in subjects:
        for index in range(WORDS_FROM, WORDS_FROM + LISTED):
            rng = stream("laws", "words", subject, index)
            problem = judge.pose(subject, split="train", index=index, rows=ROWS)
            answers = [judge.teach(problem)]
            answers += [wrong for each in (teacher.blur, teacher.spoil) if (wrong := each(problem, rng)) is not None]
            texts += [problem.prompt, *answers]
            texts += [turn.verdict.feedback for turn in replay(judge, problem, answers)]
    return [word for word in words_of(texts) if split(word) == [word]]
