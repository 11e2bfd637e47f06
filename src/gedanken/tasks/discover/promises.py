"""What every system of the zoo promises. A promise takes the task, the entry's name and the entry."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gedanken.errors import Unanswerable
from gedanken.loop import Key, Task
from gedanken.seeding import stream
from gedanken.tasks.discover.conditions import Conditions
from gedanken.tasks.promises import Promises
from gedanken.worlds.ode import system
from gedanken.worlds.ode.invariants import drift
from gedanken.worlds.ode.law.parser import parse

PROMISES = Promises()

INSTANCES = 4


def examine(task: Task, name: str, entry: system.System) -> Iterator[tuple[str, str | None]]:
    """Each promise by name, with None where the entry keeps it or a sentence on how it is broken.

    Args:
        task: the `DiscoverTask` that poses and judges.
        name: the entry's name.
        entry: the system.
    """
    return PROMISES.examine([("", (task, name, entry))])


def _instances(name: str, entry: system.System) -> list[system.Instance]:
    return [system.draw(entry, stream("contract", name, index)) for index in range(INSTANCES)]


@PROMISES.promise
def the_law_is_in_the_grammar(task: Any, name: str, entry: system.System) -> str | None:
    """The student can write down what the teacher knows."""
    try:
        parse(entry.equation, entry.states, tuple(entry.params))
    except Unanswerable as fault:
        return str(fault)
    return None


@PROMISES.promise
def the_same_key_poses_the_same_problem(task: Any, name: str, entry: system.System) -> str | None:
    """Posing twice gives the same prompt."""
    first, second = (task.pose_entry(entry, Key(name, "test"), Conditions()) for _ in range(2))
    return None if first.prompt == second.prompt else "posing twice gives two different prompts"


@PROMISES.promise
def different_indices_differ(task: Any, name: str, entry: system.System) -> str | None:
    """No two of the first instances are alike."""
    starts = {tuple(map(float, i.initial)) + tuple(i.params.values()) for i in _instances(name, entry)}
    return None if len(starts) == INSTANCES else f"only {len(starts)} of {INSTANCES} instances differ"


@PROMISES.promise
def something_moves(task: Any, name: str, entry: system.System) -> str | None:
    """Every record shows a change that noise does not hide."""
    for instance in _instances(name, entry):
        values = system.trajectory(instance, instance.times).values
        if not (np.ptp(values, axis=0) > 1e-3 * np.abs(values).max(axis=0)).any():
            return f"nothing moves from start {instance.initial}"
    return None


@PROMISES.promise
def what_is_declared_conserved_is_conserved(task: Any, name: str, entry: system.System) -> str | None:
    """Constants of motion drift by less than a millionth along the clean trajectory."""
    for quantity, expression in entry.conserved.items():
        for instance in _instances(name, entry):
            change = drift(expression, entry.states, instance.params, system.trajectory(instance, instance.times))
            if change > 1e-6:
                return f"{quantity} drifts by {change:.1e} of its size"
    return None


@PROMISES.promise
def the_teacher_solves_it(task: Any, name: str, entry: system.System) -> str | None:
    """The law itself, judged like any answer, is solved at 5 % noise."""
    for index in range(INSTANCES):
        problem = task.pose_entry(entry, Key(name, "test", index), Conditions())
        verdict = task.verify(problem, task.solve(problem))
        if not verdict.solved:
            return f"the law itself scores {verdict.terms['match']:.3f} on instance {index}: {verdict.feedback}"
    return None


@PROMISES.promise
def nonsense_scores_nothing(task: Any, name: str, entry: system.System) -> str | None:
    """What is no answer earns 0 and is told why."""
    problem = task.pose_entry(entry, Key(name, "test"), Conditions())
    verdict = task.verify(problem, "It falls.")
    return None if verdict.reward == 0 and verdict.error else "nonsense earned something or was not told why"


@PROMISES.promise
def the_prompt_keeps_the_secret(task: Any, name: str, entry: system.System) -> str | None:
    """Neither the law nor a parameter's value stands in the prompt, whatever the hint."""
    for hint in ("full", "names", "anonymous"):
        problem = task.pose_entry(entry, Key(name, "test"), Conditions(hint=hint))
        for side in problem.truth.equation.split(";"):
            if side.split("=")[1].strip() in problem.prompt and len(side.split("=")[1].strip()) > 3:
                return f"the prompt holds {side.strip()!r}"
        if hint == "anonymous" and name in problem.prompt:
            return "the anonymous prompt names the system"
    return None


@PROMISES.promise
def the_source_is_named(task: Any, name: str, entry: system.System) -> str | None:
    """A reader can look the law up."""
    return None if len(entry.source) > 10 else "source is empty"
