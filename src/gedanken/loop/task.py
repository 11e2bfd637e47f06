"""A question about a world, and how an answer to it is judged."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from gedanken.errors import UserError
from gedanken.loop.values import Message, Problem, Subject, Turn, Verdict

if TYPE_CHECKING:
    import numpy as np

SPLITS = ("train", "val", "test")


class Table(Protocol):
    """A reward table (`gedanken.tasks.terms.RewardTable`): named terms with weights, under a version."""

    version: str

    def weights(self, mode: str = "episode") -> dict[str, float]:
        """The weight of each term that counts in `mode`."""

    def about(self, term: str) -> str:
        """What a term measures, in a sentence."""

    def compute(self, evidence: Any) -> dict[str, float]:
        """Every term for one answer."""


class Task(ABC):
    """A question about a world, and how an answer is judged. All that differs between tasks is said here.

    A task is a folder of `gedanken/tasks/` whose `task.py` holds the class as `TASK`; its players are the files of
    `players/`. The command line, the servers, the adapters and the trainers know tasks by this class alone.

    Attributes:
        name: the folder's name.
        title: one sentence on what is asked.
        subject_option: what the task calls its subjects in the options of an episode (`system_id`, `scenario`).
        options: what `pose` may be told besides subject, split, index and level, with the types it takes.
        default_player: a file name of the task's `players/`.
        turns: how many answers an episode has unless told otherwise.
        training_subjects: what is trained on unless something else is named; every subject of the training split when
            empty.
        evaluation_subjects: what models are compared on: some that are trained on and some that are held out; the
            held-out subjects when empty.
        suite: the frozen suite by which models are compared, empty where there is none.
        tables: the reward tables by name; the first is the default.
        solved_at: an answer is solved above this match, or reward where the task has no term `match`.
        max_turns: how many answers this task's episodes have.
        mode: `episode` or `training`: which column of weights counts.
        reward: name of the reward table.
        table: the reward table.
        weights: the weight of each reward term.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    subject_option: ClassVar[str] = "subject"
    options: ClassVar[Mapping[str, tuple[type, ...]]] = {}
    default_player: ClassVar[str]
    turns: ClassVar[int] = 1
    training_subjects: ClassVar[tuple[str, ...]] = ()
    evaluation_subjects: ClassVar[tuple[str, ...]] = ()
    suite: ClassVar[str] = ""
    tables: ClassVar[Mapping[str, "Table"]]
    solved_at: ClassVar[float] = 1.0

    def __init__(self, max_turns: int | None = None, mode: str = "episode", reward: str | None = None):
        """A task whose episodes last `max_turns` (None: the task's own number).

        Args:
            max_turns: how many answers.
            mode: which weights count: `episode`, or `training` on single turns.
            reward: name of the reward table; the task's default when None.

        Raises:
            UserError: there is no such table or mode.
        """
        self.max_turns = self.turns if max_turns is None else max_turns
        self.mode = mode
        self.reward = next(iter(self.tables)) if reward is None else reward
        if self.reward not in self.tables:
            raise UserError(f"{self.name} has no reward {reward!r}; it has {', '.join(self.tables)}")
        self.table: Table = self.tables[self.reward]
        self.weights: Mapping[str, float] = self.table.weights(mode)

    @abstractmethod
    def subjects(self, split: str = "test") -> tuple[str, ...]:
        """Every subject that may be posed in `split`, in alphabetical order."""

    @abstractmethod
    def describe(self, subject: str) -> Subject:
        """What a list says about a subject."""

    @abstractmethod
    def pose(self, subject: str, *, split: str = "train", index: int = 0, **options: Any) -> Problem:
        """The problem that the key (subject, split, index, options) names."""

    @abstractmethod
    def solve(self, problem: Problem) -> str:
        """The teacher's own answer, which `verify` must call solved."""

    @abstractmethod
    def verify(self, problem: Problem, answer: str, turns: Sequence[Turn] = ()) -> Verdict:
        """Judge one answer. Any text gets a verdict; only a fault of ours raises."""

    def verify_batch(self, problems: Sequence[Problem], answers: Sequence[str]) -> list[Verdict]:
        """Judge many first answers at once; the same verdicts as `verify`, in order."""
        return [self.verify(problem, answer) for problem, answer in zip(problems, answers, strict=True)]

    def ask(self, problem: Problem, turns: Sequence[Turn] = ()) -> list[Message]:
        """The conversation that asks for the next answer: the prompt, then every answer with the reply to it."""
        messages: list[Message] = [{"role": "user", "content": problem.prompt}]
        for number, turn in enumerate(turns, 1):
            messages.append({"role": "assistant", "content": turn.answer})
            messages.append({"role": "user", "content": self.reply(problem, turns[:number])})
        return messages

    def reply(self, problem: Problem, turns: Sequence[Turn]) -> str:
        """What the user's side says to the last answer: the last message of `ask`, without the ones before it."""
        return turns[-1].verdict.feedback

    def teach(self, problem: Problem) -> str:
        """The teacher's answer as a student should write it; `solve` where nothing shorter is solved, too."""
        return self.solve(problem)

    def teach_next(self, problem: Problem, turns: Sequence[Turn]) -> str:
        """The teacher's answer after these turns; as the first one where there is nothing better to say."""
        return self.teach(problem)

    def spoil(self, problem: Problem, rng: "np.random.Generator") -> str | None:
        """A wrong answer from which a student may learn to recover; None where the task makes none."""
        return None

    def held_out(self) -> frozenset[str]:
        """Subjects that no training problem may be about."""
        return frozenset(self.subjects("test")) - frozenset(self.subjects("train"))

    def is_brief(self, problem: Problem, answer: str) -> bool:
        """Whether judging this answer is sure to take a millisecond or two, so that an event loop may wait for it."""
        return False

    def examples(self, problem: Problem) -> list[tuple[str, str]]:
        """(label, answer): what one may try at this problem without writing."""
        return []

    def show_problem(self, problem: Problem) -> dict[str, Any]:
        """The public half of a problem as data that a page can draw: arrays and plain values."""
        return {}

    def show_answer(self, problem: Problem, turn: Turn) -> dict[str, Any] | None:
        """What a page can draw of an answer, None where there is nothing."""
        return None

    def show_truth(self, problem: Problem) -> dict[str, Any] | None:
        """What a page can draw of the teacher's answer once an episode has ended, None where there is nothing."""
        return None

    def show_subject(self, subject: str) -> dict[str, Any] | None:
        """All that a page shows of a subject, its law included; None where there is no more than `describe` says."""
        return None

    def picture(self, problem: Problem, best: Turn | None) -> str:
        """The problem and the best answer so far as HTML without scripts or files."""
        import html

        return f"<pre>{html.escape(problem.prompt)}</pre>"

    def explain(self, subject: str, *, level: int | None = None, index: int = 0) -> str:
        """A subject in plain text for a terminal, with one instance of it."""
        options = {} if level is None else {"level": level}
        return self.pose(subject, split="test", index=index, **options).prompt

    def zoo_page(self) -> tuple[str, str] | None:
        """File name and Markdown of the generated page about the task's subjects; None where there is none."""
        return None

    def examine(self, path: Path) -> Iterator[tuple[str, str | None]] | None:
        """The promises of an entry of one's own, each with None or how it is broken; None where it is no entry."""
        return None

    def for_tool(self, problem: Problem, message: str) -> str:
        """A message of `ask`, or a `reply`, as it reads where the answer is a call of `tool` instead of a text.

        A task whose messages ask for another form of answer than the arguments of its tool replaces those sentences.
        """
        return message

    @cached_property
    def tool(self) -> Callable[..., Any]:
        """The function that a tool-calling model answers with: named, typed and documented for the model.

        What it returns is the answer: a text, or an object that becomes one.
        """

        def submit_answer(answer: str) -> str:
            """Submit an answer. It is verified at once.

            Args:
                answer: The answer in the form that the problem asks for.

            Returns:
                The verdict.
            """
            return answer

        return submit_answer


def check_split(split: str, subject: str, held_out: bool) -> None:
    """Refuse what may not be posed.

    Raises:
        UserError: there is no such split, or the subject is held out from training.
    """
    if split not in SPLITS:
        raise UserError(f"split is {', '.join(SPLITS[:-1])} or {SPLITS[-1]}, not {split!r}")
    if split == "train" and held_out:
        raise UserError(f"{subject} is held out from training; use split val or test")
