"""The reward of GRPO: the task's own verdict, one reward function a term, so that each term is logged by itself."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from gedanken.loop import Message, Problem, Task, Turn, Verdict
from gedanken.training.pairs import Source
from gedanken.training.run import RunFolder
from gedanken.training.samples import SAMPLES, write_sample
from gedanken.training.turns import credit, replay

MOST_EPISODES = 1000
"""Episodes of several turns that are remembered; each asks for a verdict a turn when it is posed again."""

Reward = Callable[..., list[float]]
# Whether an answer, as token ids, was cut at the token limit.
Cut = Callable[[Sequence[int]], bool]


class Scorer:
    """Judges the answers of a step in one call of the task's `verify_batch`, which all reward functions read.

    Attributes:
        seconds: time spent on scoring since `take_seconds`.
    """

    def __init__(self, task: Task, source: Source, folder: RunFolder | None = None, cut: Cut | None = None):
        """A scorer of `source`'s problems; with a folder, answers and rewards are written to its `samples.jsonl`."""
        self.task, self.source, self.folder, self._cut = task, source, folder, cut
        self.seconds = 0.0
        self._problems: dict[tuple[str, int], Problem] = {}
        self._turns: dict[tuple[str, int, tuple[str, ...]], list[Turn]] = {}
        self._last: tuple[object, list[Verdict]] = (None, [])

    def rewards(self) -> list[Reward]:
        """One function a term that carries a weight, named after it."""
        return [self._reward(name) for name in self.task.weights]

    def weights(self) -> list[float]:
        """The terms' weights, in the order of `rewards`."""
        return list(self.task.weights.values())

    def score(
        self,
        completions: Sequence[Any],
        subject: Sequence[str],
        index: Sequence[int],
        ids: Sequence[Sequence[int]] | None = None,
        step: int | None = None,
        earlier: Sequence[Sequence[str]] | None = None,
    ) -> list[Verdict]:
        """The verdicts on a batch of completions; those on the last batch are remembered.

        Args:
            completions: texts or conversations.
            subject: what the problem of each is about.
            index: which problem of the subject.
            ids: the completions' token ids, by which it is known which were cut.
            step: the optimizer step that learns from them, for the samples.
            earlier: the answers before each, in its episode; none if not given.
        """
        answers = [read_completion(completion) for completion in completions]
        before = [tuple(each) for each in earlier or [()] * len(answers)]
        batch = (step, tuple(answers), tuple(subject), tuple(index), tuple(before))
        if self._last[0] != batch:
            self._last = (batch, self.judge(answers, subject, index, before))
            cuts: list[bool | None] = [None] * len(answers)
            if ids is not None and self._cut is not None:
                cuts = [self._cut(each) for each in ids]
            self._write_samples(answers, subject, index, before, self._last[1], cuts, step)
        return self._last[1]

    def judge(
        self,
        answers: Sequence[str],
        subject: Sequence[str],
        index: Sequence[int],
        earlier: Sequence[tuple[str, ...]] | None = None,
    ) -> list[Verdict]:
        """The verdicts on answers, without a record of them; the time counts towards `seconds`."""
        start = time.perf_counter()
        problems = [self._pose(name, int(k)) for name, k in zip(subject, index, strict=True)]
        if not earlier or not any(earlier):
            verdicts = self.task.verify_batch(problems, answers)
        else:
            verdicts = []
            for problem, answer, name, k, before in zip(problems, answers, subject, index, earlier, strict=True):
                turns = self.turns(name, int(k), before)
                verdicts.append(credit(self.task.verify(problem, answer, turns), turns))
        self.seconds += time.perf_counter() - start
        return verdicts

    def turns(self, subject: str, index: int, answers: tuple[str, ...]) -> list[Turn]:
        """The turns of an episode whose answers are known."""
        key = (subject, index, answers)
        if key not in self._turns:
            if len(self._turns) > MOST_EPISODES:
                self._turns.clear()
            self._turns[key] = replay(self.task, self._pose(subject, index), answers)
        return self._turns[key]

    def ask(self, subject: str, index: int, answers: tuple[str, ...]) -> list[Message]:
        """The conversation that asks for the answer after these."""
        return self.task.ask(self._pose(subject, index), self.turns(subject, index, answers))

    def take_seconds(self) -> float:
        """Seconds spent on scoring since the last call."""
        seconds, self.seconds = self.seconds, 0.0
        return seconds

    def _pose(self, subject: str, index: int) -> Problem:
        key = (subject, index)
        if key not in self._problems:
            self._problems[key] = self.source.pose(self.task, subject, index)
        return self._problems[key]

    def _reward(self, term: str) -> Reward:
        def reward(
            prompts: Sequence[Any],
            completions: Sequence[Any],
            subject: Sequence[str],
            index: Sequence[int],
            completion_ids: Sequence[Sequence[int]] | None = None,
            trainer_state: Any = None,
            earlier: Sequence[Sequence[str]] | None = None,
            **_: Any,
        ) -> list[float]:
            # The state counts steps that are done, the measurements of a run the step that is being taken.
            step = None if trainer_state is None else trainer_state.global_step + 1
            # A term that raises stops the run: TRL passes the exception on, and nothing here catches it.
            verdicts = self.score(completions, subject, index, completion_ids, step, earlier)
            return [float(verdict.terms[term]) for verdict in verdicts]

        reward.__name__ = term
        return reward

    def _write_samples(
        self,
        answers: Sequence[str],
        subject: Sequence[str],
        index: Sequence[int],
        earlier: Sequence[tuple[str, ...]],
        verdicts: Sequence[Verdict],
        cuts: Sequence[bool | None],
        step: int | None,
    ) -> None:
        if self.folder is None:
            return
        rows = []
        for answer, name, k, before, verdict, cut in zip(answers, subject, index, earlier, verdicts, cuts, strict=True):
            sample = write_sample(self.task, self._pose(name, int(k)), answer, verdict, cut=cut, earlier=before)
            rows.append(orjson.dumps({"step": step, "kind": "train", **sample}) + b"\n")
        with (self.folder.path / SAMPLES).open("ab") as file:
            # At once: of several processes that train together each appends what it judged.
            file.write(b"".join(rows))


def read_completion(completion: Any) -> str:
    """The text of a completion: plain, or the assistant's last message of a conversation.

    A message may be empty: a model that ends its answer at once has answered nothing, which scores zero.

    Raises:
        ValueError: nobody answered. That is a fault of the writer, which must not be scored as the model's.
    """
    if isinstance(completion, str):
        return completion
    if not completion or completion[-1].get("role") != "assistant":
        raise ValueError(f"a completion without an answer cannot be scored: {str(completion)[:200]}")
    return str(completion[-1].get("content") or "")
