"""Cheats: answers that try to be paid without understanding, to show that a reward cannot be gamed in known ways.

A kind is a file in the folder of its task, a cheat is a public function in it: `cheat(problem)` is a generator that
yields answers and is sent the reply to each. All are found by walking the folder. A cheat may look at the truth where
that makes it stronger (a law with one term left out), as long as its answers are wrong.
"""

import inspect
from collections.abc import Callable, Generator, Iterator

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.loop import Problem, Task, Turn, Verdict

Answers = Generator[str, str, None]
"""Answers out, the task's replies in."""

Cheat = Callable[[Problem], Answers]


def kinds(task: str) -> tuple[str, ...]:
    """The kinds of cheats at a task.

    Raises:
        UserError: nobody has written a cheat at this task.
    """
    try:
        return tuple(zoo.names(f"{__name__}.{task}"))
    except ModuleNotFoundError:
        raise UserError(f"there are no cheats at the task {task}") from None


def load(task: str, kind: str) -> dict[str, Cheat]:
    """The cheats of one kind by name.

    Raises:
        UserError: there is no such kind.
    """
    module = zoo.load(f"{__name__}.{task}", kind)
    functions = inspect.getmembers(module, inspect.isfunction)
    return {name: each for name, each in functions if each.__module__ == module.__name__ and name[0] != "_"}


def play(task: Task, cheat: Cheat, problem: Problem) -> Iterator[tuple[str, Verdict | Exception]]:
    """Every answer of a cheat with its verdict as a first answer, or with what the verifier raised."""
    answers = cheat(problem)
    turns: list[Turn] = []
    answer = next(answers, None)
    while answer is not None:
        try:
            verdict = task.verify(problem, answer)
        except Exception as error:  # the failure that is looked for
            yield answer, error
            answer = next(answers, None)
            continue
        yield answer, verdict
        turns.append(Turn(answer, verdict))
        try:
            # A `yield from` of a list takes no replies.
            waits = getattr(answers, "gi_yieldfrom", None) is None
            answer = answers.send(task.reply(problem, turns)) if waits else next(answers)
        except StopIteration:
            return
