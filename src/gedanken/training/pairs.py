"""What training asks and what the teacher answers: problems of a task, by subject and index, as chat messages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gedanken import tasks
from gedanken.errors import UserError
from gedanken.loop import Message, Problem, Task


@dataclass(frozen=True)
class Source:
    """Where problems come from.

    Attributes:
        task: the task's name.
        subjects: what the problems are about; the task's training subjects when empty.
        instances: how many problems each gives.
        split: which split.
        first: index of the first instance.
        options: conditions of the task's `pose` (`rows`, `noise`, `context`, `format`, ...).
    """

    task: str = "discover"
    subjects: Sequence[str] = ()
    instances: int = 32
    split: str = "train"
    first: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.instances < 1:
            raise UserError("there is nothing to train on: name at least one instance")
        judge = tasks.load(self.task)
        known = judge.subjects(self.split)
        if not self.subjects:
            object.__setattr__(self, "subjects", judge.training_subjects or judge.subjects("train"))
        for subject in self.subjects:
            if subject not in known:
                reason = "is held out from training" if subject in judge.subjects() else "is not known"
                raise UserError(f"{subject} {reason}; {self.task} has {', '.join(known[:8])}, ...")

    def keys(self) -> list[tuple[str, int]]:
        """(subject, index) of every problem, all subjects taking turns, so that any stretch holds them evenly."""
        return [(subject, self.first + k) for k in range(self.instances) for subject in self.subjects]

    def pose(self, judge: Task, subject: str, index: int) -> Problem:
        """One problem."""
        return judge.pose(subject, split=self.split, index=index, **self.options)

    def problems(self, judge: Task) -> Iterator[Problem]:
        """Every problem."""
        for subject, index in self.keys():
            yield self.pose(judge, subject, index)


def write_pairs(source: Source) -> Iterator[dict[str, list[Message]]]:
    """`{"prompt": messages, "completion": [the teacher's message]}` of every problem, as TRL takes them."""
    judge = tasks.load(source.task, mode="training")
    for problem in source.problems(judge):
        yield {
            "prompt": judge.ask(problem),
            "completion": [{"role": "assistant", "content": judge.teach(problem)}],
        }


def write_rows(source: Source) -> Iterator[dict[str, Any]]:
    """`{"prompt": messages, "subject", "index"}` of every problem: what reinforcement needs to pose it again."""
    judge = tasks.load(source.task, mode="training")
    keys = source.keys()
    for subject, index in keys:
        yield {"prompt": judge.ask(source.pose(judge, subject, index)), "subject": subject, "index": index}
