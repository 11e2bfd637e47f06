"""What passes between world, player and verifier: a problem, a question, an answer's verdict. Values, nothing more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict, runtime_checkable

from gedanken.seeding import Scalar


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
