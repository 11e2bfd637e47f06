"""What a problem teaches: its law, and what follows a wrong one.

Problems are about systems of the zoo and about laws drawn at random. A wrong law is the right one with its constants
blurred, as who reads them off a record has them, or with up to three mistakes (`tasks.discover.teacher`); or it is a
model's own. What is taught behind it is the change of its constants, where only they are wrong, and else the law.

The simulator's word on a wrong law says in which direction it misses. So a first answer only has to be near, which a
small model can learn; what is left, it is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.loop import Key, Message, Problem, Turn
from gedanken.models.laws.dialect import KEPT, Dialect
from gedanken.models.laws.stated import KINDS
from gedanken.models.laws.vocabulary import Vocabulary, words_of
from gedanken.seeding import stream
from gedanken.tasks.discover import teacher
from gedanken.tasks.discover.conditions import Conditions
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.training.pairs import read_samples
from gedanken.training.scratch.laws.drawn import draw_system, extend_system
from gedanken.training.scratch.laws.references import References
from gedanken.training.scratch.loader import Example
from gedanken.training.turns import replay
from gedanken.worlds.ode import system

POOL = 48
"""Problems of a pool."""

DEPTHS = (0, 1, 2)
"""Wrong laws before the answer, of each example of a problem."""

NOISES = (0.0, 0.01, 0.02, 0.05)

ROWS = 16
"""Rows of a table that the prompt shows."""

BLURRED = 0.6
"""Share of the wrong laws whose constants alone are wrong."""

HINTS, HINT_SHARES = ("full", "names", "anonymous"), (0.7, 0.1, 0.2)
"""What the prompt tells of the scene, and how often: who brings a record may say nothing of it."""

EXTENDED = 0.5
"""Share of the laws drawn at random that are a system's with one more term, under its hint."""

DRAWN_HINTS, DRAWN_HINT_SHARES = ("strange", "anonymous", "none"), (0.4, 0.4, 0.2)
"""What the prompt tells of the other laws drawn at random: some system's hint, the names of the variables, or nothing.

Were they known by their hint, the record would decide nothing where there is one: the hint of a law that was never
seen speaks in words of those that were.
"""

POSITIONS_ONLY = 0.15
"""Share of the problems whose velocities are not observed."""

WORDS_FROM = 1_000_000
"""Index of the first of the problems whose words are listed."""

LISTED = 4
"""Problems of each system whose words are listed."""


Pair = tuple[Problem, list[Message], str]
"""A problem, the conversation about it, and the answer that is taught."""


@dataclass(frozen=True)
class Problems:
    """Problems of the training split, and a model's own answers to some, as examples.

    Attributes:
        subjects: systems.
        favourites: systems that `favoured` of the problems are about.
        favoured: that share.
        drawn: share of the problems that are about laws drawn at random.
        words: the vocabulary's.
        mistakes: files of a model's own answers.
        own: share of the examples that come from these.
        references: of each system, what its constants are said as multiples of in whole laws.
    """

    subjects: Sequence[str]
    favourites: Sequence[str]
    favoured: float
    drawn: float
    words: Sequence[str]
    mistakes: Sequence[str] = ()
    own: float = 0.0
    references: Mapping[str, References] = field(default_factory=dict)

    @cached_property
    def judge(self) -> DiscoverTask:
        """Who judges answers to them."""
        return DiscoverTask(mode="training")

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self.words)

    @cached_property
    def _samples(self) -> list[tuple[dict[str, Any], list[str], str]]:
        return [each for path in self.mistakes for each in read_samples(Path(path), self.judge)]

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
                pairs = self._from_problem(self.pose(number * POOL + place, rng), rng)
            examples += [self._write(each) for each in pairs]
        return examples

    def pose(self, index: int, rng: np.random.Generator) -> Problem:
        """A problem of the training split, about a system or a law drawn at random."""
        conditions = Conditions(
            rows=ROWS, noise=float(rng.choice(NOISES)), hint=str(rng.choice(HINTS, p=HINT_SHARES)),
            positions_only=bool(rng.random() < POSITIONS_ONLY),
        )  # fmt: skip
        drawn = rng.random() < self.drawn
        while drawn:
            # Some laws move nothing, or nothing that stays in sight.
            with suppress(RuntimeError):
                key = Key("drawn", "train", index)
                known = system.load(str(rng.choice(list(self.subjects))))
                if rng.random() < EXTENDED:
                    return self.judge.pose_entry(extend_system(known, rng), key, conditions)
                told = str(rng.choice(DRAWN_HINTS, p=DRAWN_HINT_SHARES))
                hint = system.draw(known, rng).hint if told == "strange" else ""
                kind = "anonymous" if told == "anonymous" else "full"
                return self.judge.pose_entry(draw_system(rng, hint), key, replace(conditions, hint=kind))
        subjects = self.favourites if self.favourites and rng.random() < self.favoured else self.subjects
        return self.judge.pose(str(rng.choice(list(subjects))), split="train", index=index, **asdict(conditions))

    def _from_problem(self, problem: Problem, rng: np.random.Generator) -> Iterator[Pair]:
        judge = self.judge
        taught = judge.teach(problem)
        for depth in DEPTHS:
            turns: list[Turn] = []
            for _ in range(depth):
                wrong = (teacher.blur if rng.random() < BLURRED else teacher.spoil)(problem, rng)
                verdict = judge.verify(problem, wrong, turns) if wrong is not None else None
                if verdict is not None and not verdict.solved:
                    turns.append(Turn(wrong or "", verdict))
            if bool(turns) == bool(depth):
                yield problem, judge.ask(problem, turns), _next_answer(problem, turns, taught)

    def _from_sample(self, rng: np.random.Generator) -> Iterator[Pair]:
        key, earlier, answer = self._samples[int(rng.integers(len(self._samples)))]
        problem = self.judge.pose(**key)
        turns = replay(self.judge, problem, [*earlier, answer])
        if not any(turn.verdict.solved for turn in turns):
            yield problem, self.judge.ask(problem, turns), _next_answer(problem, turns, self.judge.teach(problem))

    def _write(self, pair: Pair) -> Example:
        problem, messages, answer = pair
        dialect = Dialect(problem.observation.states, self._vocabulary)
        text = dialect.write_conversation(messages)
        said = dialect.write_answer(answer, self.references.get(problem.key.subject))
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
    """The words of some problems of each system, and of what the simulator says to wrong answers."""
    judge = DiscoverTask(mode="training")
    words = {*KEPT, *KINDS}
    for subject in subjects:
        for index in range(WORDS_FROM, WORDS_FROM + LISTED):
            rng = stream("laws", "words", subject, index)
            hint = HINTS[index % len(HINTS)]
            problem = judge.pose(subject, split="train", index=index, rows=ROWS, hint=hint)
            wrong = [wrong for each in (teacher.blur, teacher.spoil) if (wrong := each(problem, rng)) is not None]
            turns = replay(judge, problem, [*wrong, "no law"])
            said = [turn.verdict.feedback for turn in turns]
            words |= {*words_of([problem.prompt.partition("\nGRAMMAR")[0], *said])}
            words -= {*problem.observation.states.columns} - KEPT
    return sorted(words)
