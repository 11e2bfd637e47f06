"""What training asks and what the teacher answers: problems of a task, by subject and index, as chat messages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gedanken import tasks
from gedanken.episode import subjects
from gedanken.errors import UserError
from gedanken.loop import Message, Problem, Task

# Significant digits that a teacher's answer tries first: fewer are shorter to learn, and the simulator says if they do.
DIGITS = (3, 4, 6)
# The seed's six training systems of `discover`; its two of tier 3 are held out.
SYSTEMS = ("free_fall", "free_fall_drag", "simple_pendulum", "damped_pendulum", "spring_mass", "damped_spring")
HELD_OUT = ("projectile_drag", "charged_b_field")


@dataclass(frozen=True)
class Source:
    """Where problems come from.

    Attributes:
        task: `discover` or `predict`.
        subjects: system or scenario names.
        instances: how many problems each gives.
        split: which split.
        first: index of the first instance.
        options: conditions of the task's `pose` (`rows`, `noise`, `context`, `format`, ...).
    """

    task: str = "discover"
    subjects: Sequence[str] = SYSTEMS
    instances: int = 32
    split: str = "train"
    first: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.subjects or self.instances < 1:
            raise UserError("there is nothing to train on: name at least one subject and one instance")
        known = subjects(self.task, self.split)
        for subject in self.subjects:
            if subject not in known:
                reason = "is held out from training" if subject in subjects(self.task) else "is not known"
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


def judge_of(task: str, max_turns: int | None = None) -> Task:
    """The task with its training weights, where it has such."""
    options: dict[str, Any] = {} if max_turns is None else {"max_turns": max_turns}
    return tasks.load(task, **options, **({"mode": "training"} if task == "discover" else {}))


def default_subjects(task: str) -> tuple[str, ...]:
    """What is trained on unless something else is named: the seed's systems, or every scenario that is not held out."""
    return SYSTEMS if task == "discover" else subjects(task, "train")


def teach(judge: Task, problem: Problem) -> str:
    """The teacher's answer, as short as the simulator still calls solved."""
    answer = judge.solve(problem)
    if judge.name != "discover":
        return answer
    equation, constants = problem.truth.taught
    for digits in DIGITS:
        params = {name: float(f"{value:.{digits}g}") for name, value in constants.items()}
        short = orjson.dumps({"equation": equation, "params": params}).decode()
        # The layout of the example in the prompt.
        short = short.replace('":', '": ').replace(',"', ', "')
        if judge.verify(problem, short).solved:
            return short
    return answer


def write_pairs(source: Source) -> Iterator[dict[str, list[Message]]]:
    """`{"prompt": messages, "completion": [the teacher's message]}` of every problem, as TRL takes them."""
    judge = judge_of(source.task)
    for problem in source.problems(judge):
        yield {
            "prompt": judge.ask(problem),
            "completion": [{"role": "assistant", "content": teach(judge, problem)}],
        }


def write_rows(source: Source) -> Iterator[dict[str, Any]]:
    """`{"prompt": messages, "subject", "index"}` of every problem: what reinforcement needs to pose it again."""
    judge = judge_of(source.task)
    keys = source.keys()
    for subject, index in keys:
        yield {"prompt": judge.ask(source.pose(judge, subject, index)), "subject": subject, "index": index}
