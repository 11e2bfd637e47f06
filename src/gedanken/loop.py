"""The product on one screen: a simulator writes text, a model answers, the simulator verifies."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypedDict, runtime_checkable

from gedanken.errors import UserError
from gedanken.seeding import Scalar

SPLITS = ("train", "val", "test")


class Message(TypedDict):
    """One chat message: `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Key:
    """What names a problem: the same key poses the same problem on every machine.

    Attributes:
        subject: the zoo entry it is about.
        split: `train`, `val` or `test`; each has instances of its own. Empty for a record from outside the zoo.
        index: which instance.
        level: how hard it is, 1 to 5; None where the options say it one by one.
        options: how it is posed (noise, hint, format, ...), with every default filled in.
    """

    subject: str
    split: str = ""
    index: int = 0
    level: int | None = None
    options: Mapping[str, Scalar] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.subject, self.split, self.index, self.level, tuple(sorted(self.options))))

    def to_dict(self) -> dict[str, Any]:
        """The key as JSON-able data."""
        return {
            "subject": self.subject,
            "split": self.split,
            "index": self.index,
            "level": self.level,
            "options": dict(self.options),
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """One question that a world has posed.

    Attributes:
        task: name of the task that can verify it.
        key: what names it, its subject first.
        observation: what the world shows in public, as data. A baseline reads it.
        prompt: the observation as text. It is all that a language model sees.
        truth: what the verifier knows. It never reaches a player.
    """

    task: str
    key: Key
    observation: Any
    prompt: str
    truth: Any = field(repr=False)

    @property
    def subject(self) -> str:
        """The zoo entry that it is about."""
        return self.key.subject


@runtime_checkable
class Reading(Protocol):
    """What was read of an answer, as a value: a law, a frame."""

    def lines(self) -> list[str]:
        """The answer for a person, a line each."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the world made of one answer.

    Attributes:
        terms: reward terms by name, each in [0, 1].
        weights: weight of each term in `reward`; a term without a weight is reported only.
        solved: the episode is over because the answer is good enough.
        feedback: one paragraph of English for the next turn.
        error: why the answer scored nothing, or None.
        reading: the answer as it was read, None where it could not be.
        details: the answer and the numbers behind the terms (R2 per column), JSON-able, free of the truth.
    """

    terms: Mapping[str, float]
    weights: Mapping[str, float]
    solved: bool
    feedback: str
    error: str | None = None
    reading: Any = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reward(self) -> float:
        """Weighted sum of the terms."""
        return sum(weight * self.terms[name] for name, weight in self.weights.items())

    @property
    def match(self) -> float:
        """How good the answer is by itself, in [0, 1]: the term `match` where the task has one, else the reward."""
        return float(self.terms.get("match", self.reward))

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON-able data, for files and sockets."""
        return {
            "reward": self.reward,
            "solved": self.solved,
            "terms": dict(self.terms),
            "error": self.error,
            "feedback": self.feedback,
            "details": dict(self.details),
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer and its verdict. `seconds` is the time that the player took."""

    answer: str
    verdict: Verdict
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """What a player is handed: the public half of a problem, and the turns played so far.

    Attributes:
        messages: the conversation so far as chat messages, ending with the user's. A language model reads only these.
        observation: the problem's public data, for baselines.
        turns: the turns played so far.
    """

    messages: Sequence[Message]
    observation: Any
    turns: Sequence[Turn] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """One entry of a task's zoo, for lists.

    Attributes:
        name: its file's name.
        category: which kind it belongs to.
        held_out: whether no training problem may be posed about it.
        about: one line: its law, or what happens.
        tier: how hard it is as a subject, 1 to 3; None where the task has no tiers.
        facts: what else a list may show (`equation`, `source`), by name.
    """

    name: str
    category: str
    held_out: bool
    about: str
    tier: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON-able data."""
        shown = {"name": self.name, "category": self.category, "tier": self.tier, "held_out": self.held_out}
        return {**shown, "about": self.about, **self.facts}


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


@runtime_checkable
class Player(Protocol):
    """What answers: a language model, a baseline, the teacher.

    Raises `PlayerError` when it cannot answer at all; a poor answer is not an error.
    """

    name: str

    def answer(self, question: Question) -> str:
        """The player's answer, as text."""


@runtime_checkable
class BatchPlayer(Player, Protocol):
    """A player that answers several questions faster together than one after the other."""

    def answer_batch(self, questions: Sequence[Question]) -> list[str]:
        """One answer a question, in order."""


def play_batch(
    task: Task, player: BatchPlayer, problems: Sequence[Problem], turns: int | None = None
) -> list[list[Turn]]:
    """Play an episode of each problem side by side: what `play` plays, with the questions of a turn asked at once."""
    episodes: list[list[Turn]] = [[] for _ in problems]
    for _ in range(task.max_turns if turns is None else turns):
        open_ones = [k for k, played in enumerate(episodes) if not played or not played[-1].verdict.solved]
        if not open_ones:
            break
        asked = [problems[k] for k in open_ones]
        questions = [
            Question(task.ask(problem, episodes[k]), problem.observation, tuple(episodes[k]))
            for k, problem in zip(open_ones, asked, strict=True)
        ]
        start = time.perf_counter()
        answers = player.answer_batch(questions)
        seconds = (time.perf_counter() - start) / len(open_ones)
        for k, problem, answer in zip(open_ones, asked, answers, strict=True):
            episodes[k].append(Turn(answer, task.verify(problem, answer, episodes[k]), seconds))
    return episodes


def play(task: Task, player: Player, problem: Problem, turns: int | None = None) -> Iterator[Turn]:
    """Ask, answer, verify; feed the verdict back until solved or out of turns (`task.max_turns` by default)."""
    played: list[Turn] = []
    for _ in range(task.max_turns if turns is None else turns):
        question = Question(task.ask(problem, played), problem.observation, tuple(played))
        start = time.perf_counter()
        answer = player.answer(question)
        turn = Turn(answer, task.verify(problem, answer, played), time.perf_counter() - start)
        played.append(turn)
        yield turn
        if turn.verdict.solved:
            return
