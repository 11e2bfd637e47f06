"""The reward of GRPO: the task's own verdict, one reward function a term, so that each term is logged by itself."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from gedanken.loop import Problem, Task, Verdict
from gedanken.training.pairs import Source
from gedanken.training.run import RunFolder

Reward = Callable[..., list[float]]


class Scorer:
    """Judges the answers of a step in one call of the task's `verify_batch`, which all reward functions read.

    Attributes:
        seconds: time spent on scoring since `take_seconds`.
    """

    def __init__(self, task: Task, source: Source, folder: RunFolder | None = None):
        """A scorer of `source`'s problems; with a folder, answers and rewards are written to its `samples.jsonl`."""
        self.task, self.source, self.folder = task, source, folder
        self.seconds = 0.0
        self._problems: dict[tuple[str, int], Problem] = {}
        self._last: tuple[object, list[Verdict]] = (None, [])

    def rewards(self) -> list[Reward]:
        """One function a term that carries a weight, named after it."""
        return [self._reward(name) for name in self.task.weights]

    def weights(self) -> list[float]:
        """The terms' weights, in the order of `rewards`."""
        return list(self.task.weights.values())

    def score(self, completions: Sequence[Any], subject: Sequence[str], index: Sequence[int]) -> list[Verdict]:
        """The verdicts on a batch of completions; those on the last batch are remembered."""
        answers = [read_completion(completion) for completion in completions]
        batch = (tuple(answers), tuple(subject), tuple(index))
        if self._last[0] != batch:
            self._last = (batch, self.judge(answers, subject, index))
            self._write_samples(answers, subject, index, self._last[1])
        return self._last[1]

    def judge(self, answers: Sequence[str], subject: Sequence[str], index: Sequence[int]) -> list[Verdict]:
        """The verdicts on answers, without a record of them; the time counts towards `seconds`."""
        start = time.perf_counter()
        problems = [self._pose(name, int(k)) for name, k in zip(subject, index, strict=True)]
        verdicts = self.task.verify_batch(problems, answers)
        self.seconds += time.perf_counter() - start
        return verdicts

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
            prompts: Sequence[Any], completions: Sequence[Any], subject: Sequence[str], index: Sequence[int], **_: Any
        ) -> list[float]:
            # A term that raises stops the run: TRL passes the exception on, and nothing here catches it.
            return [float(verdict.terms[term]) for verdict in self.score(completions, subject, index)]

        reward.__name__ = term
        return reward

    def _write_samples(
        self, answers: Sequence[str], subject: Sequence[str], index: Sequence[int], verdicts: Sequence[Verdict]
    ) -> None:
        if self.folder is None:
            return
        with (self.folder.path / "samples.jsonl").open("ab") as file:
            for answer, name, k, verdict in zip(answers, subject, index, verdicts, strict=True):
                line = {"subject": name, "index": k, "answer": answer, "reward": verdict.reward, "error": verdict.error}
                file.write(orjson.dumps(line) + b"\n")


def read_completion(completion: Any) -> str:
    """The text of a completion: plain, or the last message of a conversation."""
    if isinstance(completion, str):
        return completion
    return str(completion[-1].get("content") or "") if completion else ""
