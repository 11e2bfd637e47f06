"""What training asks and what the teacher answers: problems of a task, by subject and index, as chat messages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from gedanken import tasks
from gedanken.errors import UserError
from gedanken.loop import Message, Problem, Task, Turn
from gedanken.seeding import stream
from gedanken.training.turns import replay


@dataclass(frozen=True)
class Source:
    """Where problems come from.

    Attributes:
        task: the task's name.
        subjects: what the problems are about; the task's training subjects when empty, and `all` for every subject
            that is not held out.
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
        elif tuple(self.subjects) == ("all",):
            object.__setattr__(self, "subjects", judge.subjects("train"))
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


Pair = dict[str, list[Message]]
"""`{"prompt": messages, "completion": [the teacher's message]}`, as TRL takes it; the loss is on the completion."""


def write_pairs(source: Source, mistakes: Sequence[str] = (), recoveries: float = 0.0) -> Iterator[Pair]:
    """The teacher's answers: first ones, and next steps after wrong answers.

    Args:
        source: problems whose first answers are taught.
        mistakes: files of a model's own answers (`samples.jsonl` of a run, `outcomes.jsonl` of an evaluation): each
            that is wrong is followed by what the simulator said and the teacher's next step.
        recoveries: for each problem of the source, how many wrong answers from far off to recover from in the mean.

    Raises:
        UserError: a file cannot be read, or holds answers about what is held out from training.
    """
    judge = tasks.load(source.task, mode="training")
    for problem in source.problems(judge):
        yield _write_pair(judge.ask(problem), judge.teach(problem))
        rng = stream("training", "recoveries", source.task, problem.key.subject, problem.key.index)
        for _ in range(int(rng.poisson(recoveries)) if recoveries else 0):
            answer = judge.spoil(problem, rng)
            if answer is not None:
                yield from _recover(judge, problem, answer)
    for path in mistakes:
        for key, earlier, answer in read_samples(Path(path), judge):
            yield from _recover(judge, judge.pose(**key), answer, earlier)


def _write_pair(prompt: list[Message], answer: str) -> Pair:
    return {"prompt": prompt, "completion": [{"role": "assistant", "content": answer}]}


MOST_STEPS = 3
"""Steps of the teacher that one wrong answer is followed by."""


def _recover(judge: Task, problem: Problem, answer: str, earlier: Sequence[str] = ()) -> Iterator[Pair]:
    """The teacher's steps after a wrong answer, each as a pair, until the problem is solved."""
    turns = replay(judge, problem, earlier)
    for _ in range(MOST_STEPS):
        turns.append(Turn(answer, judge.verify(problem, answer, turns)))
        if turns[-1].verdict.solved:
            return
        answer = judge.teach_next(problem, turns)
        yield _write_pair(judge.ask(problem, turns), answer)


def read_samples(path: Path, judge: Task) -> Iterator[tuple[dict[str, Any], list[str], str]]:
    """What poses the problem of each answer in a file again, the answers before it, and the answer.

    Raises:
        UserError: the file cannot be read, or is about what is held out.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    held_out = judge.held_out()
    for number, line in enumerate(lines, 1):
        try:
            row = orjson.loads(line)
            key, earlier, answer = dict(row["key"]), list(row.get("earlier", ())), row.get("answer")
            options = dict(key.pop("options", {}))
            subject, split = key["subject"], key["split"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"line {number} of {path} is no sample: {error}") from None
        if row.get("task") != judge.name:
            raise UserError(f"line {number} of {path} is about {row.get('task')}, not {judge.name}")
        if split != "train" or subject in held_out:
            raise UserError(f"line {number} of {path} is about {subject} of split {split}, which is not for training")
        if answer is not None:
            # A level is a preset of the options, which are all there.
            posed = {name: value for name, value in {**key, **options}.items() if value is not None}
            yield posed, earlier, answer


def write_rows(source: Source) -> Iterator[dict[str, Any]]:
    """`{"prompt": messages, "subject", "index"}` of every problem: what reinforcement needs to pose it again."""
    judge = tasks.load(source.task, mode="training")
    keys = source.keys()
    for subject, index in keys:
        yield {"prompt": judge.ask(source.pose(judge, subject, index)), "subject": subject, "index": index}
