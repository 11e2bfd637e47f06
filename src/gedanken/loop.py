"""The product on one screen: a simulator writes text, a model answers, the simulator verifies."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict, runtime_checkable

from gedanken.seeding import Key


class Message(TypedDict):
    """One chat message: `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One question that a world has posed.

    Attributes:
        task: name of the task that can verify it.
        subject: the zoo entry it is about.
        key: what names its randomness; the same key poses the same problem on every machine.
        observation: what the world shows in public, as data. A baseline reads it.
        prompt: the observation as text. It is all that a language model sees.
        truth: what the verifier knows. It never reaches a player.
    """

    task: str
    subject: str
    key: tuple[Key, ...]
    observation: Any
    prompt: str
    truth: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the world made of one answer.

    Attributes:
        terms: reward terms by name, each in [0, 1].
        weights: weight of each term in `reward`; a term without a weight is reported only.
        solved: the episode is over because the answer is good enough.
        feedback: one paragraph of English for the next turn.
        error: why the answer scored nothing, or None.
        details: numbers behind the terms (residuals, R2 per column), JSON-able, free of the truth.
    """

    terms: Mapping[str, float]
    weights: Mapping[str, float]
    solved: bool
    feedback: str
    error: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reward(self) -> float:
        """Weighted sum of the terms."""
        return sum(weight * self.terms[name] for name, weight in self.weights.items())

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


class Task(Protocol):
    """A question about a world, and how an answer is judged."""

    name: str
    max_turns: int

    def pose(self, subject: str, *, split: str = "train", index: int = 0, **options: Any) -> Problem:
        """The problem that the key (subject, split, index, options) names."""

    def ask(self, problem: Problem, turns: Sequence[Turn] = ()) -> list[Message]:
        """The conversation that asks for the next answer, with what is worth knowing of the turns so far."""

    def reply(self, problem: Problem, turns: Sequence[Turn]) -> str:
        """What the user's side says to the last answer: the last message of `ask`, without the ones before it."""

    def solve(self, problem: Problem) -> str:
        """The teacher's own answer, which `verify` must call solved."""

    def verify(self, problem: Problem, answer: str, turns: Sequence[Turn] = ()) -> Verdict:
        """Judge one answer. Any text gets a verdict; only a fault of ours raises."""

    def verify_batch(self, problems: Sequence[Problem], answers: Sequence[str]) -> list[Verdict]:
        """Judge many first answers at once, on every core; the same verdicts as `verify`, in order."""


@runtime_checkable
class Player(Protocol):
    """Whoever answers: a language model, a baseline, the teacher.

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
