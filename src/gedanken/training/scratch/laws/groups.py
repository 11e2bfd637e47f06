"""Groups of answers that a decoder of laws gives to one question, and what each is worth beside the others."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gedanken.loop import Problem, Task, Turn, Verdict
from gedanken.models.laws import decoder
from gedanken.models.laws.dialect import Dialect
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.models.llama.weights import Weights
from gedanken.training.prefix import IGNORED, pack
from gedanken.training.turns import credit

FLAT = 0.05
"""Rewards of a group that differ by less teach nothing (`docs/log.md`)."""


@dataclass(frozen=True)
class Group:
    """Answers to one question.

    Attributes:
        text: the question's tokens.
        answers: tokens of each.
        allowed: of each answer, which tokens each of its own was chosen among, shape (tokens, vocabulary).
        said: the answers as JSON.
        verdicts: on them; a law that was proposed before earns nothing.
        earlier: the answers before, in this episode.
        scoring: seconds that the verdicts took.
    """

    text: Sequence[int]
    answers: Sequence[Sequence[int]]
    allowed: Sequence[NDArray[np.bool_]]
    said: Sequence[str]
    verdicts: Sequence[Verdict]
    earlier: Sequence[str] = ()
    scoring: float = 0.0

    @property
    def turn(self) -> int:
        """Counted from 1."""
        return len(self.earlier) + 1

    @cached_property
    def rewards(self) -> NDArray[np.float64]:
        """Of each answer."""
        return np.array([verdict.reward for verdict in self.verdicts])

    @property
    def teaches(self) -> bool:
        """Whether the answers differ in what they earn."""
        return float(np.ptp(self.rewards)) >= FLAT

    def advantages(self) -> NDArray[np.float64]:
        """What each answer earns above the mean of the group."""
        found: NDArray[np.float64] = self.rewards - self.rewards.mean()
        return found


@dataclass(frozen=True)
class Policy:
    """A decoder that draws answers.

    Attributes:
        weights: its own.
        vocabulary: its words.
        count: answers of a group.
        temperature: of drawing.
    """

    weights: Weights
    vocabulary: Vocabulary
    count: int
    temperature: float

    def play(self, judge: Task, problem: Problem, turns: int, rng: np.random.Generator) -> list[Group]:
        """Groups of answers to a problem, turn after turn: one failed answer is what the next group goes on from."""
        groups: list[Group] = []
        before: list[Turn] = []
        for _ in range(turns):
            dialect = Dialect(problem.observation.states, self.vocabulary)
            text = dialect.write_conversation(judge.ask(problem, before))
            allow = dialect.grammar().allow
            answers = decoder.say_several(self.weights, self.vocabulary, text, self.count, self.temperature, rng, allow)
            said = [dialect.read_answer(answer) for answer in answers]
            begun = time.perf_counter()
            verdicts = [judge.verify(problem, each, before) for each in said]
            scoring = time.perf_counter() - begun
            paid = [credit(verdict, before) for verdict in verdicts]
            allowed = [np.array([allow(answer[:k]) for k in range(len(answer))]) for answer in answers]
            groups.append(Group(text, answers, allowed, said, paid, [turn.answer for turn in before], scoring))
            failed = [k for k, each in enumerate(paid) if not verdicts[k].solved and each.error is None]
            if not failed:
                break
            chosen = int(rng.choice(failed))
            before.append(Turn(said[chosen], verdicts[chosen]))
        return groups


def log_probabilities(model: Any, group: Group, temperature: float) -> list[Any]:
    """Logarithms of the probabilities of each answer's tokens among those that were allowed, shapes (tokens,).

    The question goes through the model once for all answers.
    """
    import torch

    width = max(map(len, group.answers))
    rows = [[*group.text, *answer, *([0] * (width - len(answer)))] for answer in group.answers]
    ids = torch.tensor(rows)
    counts = torch.ones_like(ids)
    for row, answer in enumerate(group.answers):
        counts[row, len(group.text) + len(answer) :] = 0
    inputs, _, _ = pack(ids.to(model.device), counts.to(model.device), width)
    labels = inputs.pop("shift_labels")[0]
    hidden = model.model(**inputs).last_hidden_state[0]
    asked = labels != IGNORED
    logits = (hidden[asked] @ model.lm_head.weight.T).float() / temperature
    allowed = torch.from_numpy(np.concatenate(group.allowed)).to(model.device)
    shares = torch.log_softmax(logits.masked_fill(~allowed, -torch.inf), 1)
    found = shares.gather(1, labels[asked][:, None])[:, 0]
    return list(found.split([len(answer) for answer in group.answers]))
