"""The words of the problem and of the judge, as an answer."""

from gedanken.bench.cheats import Answers
from gedanken.loop import Problem
from gedanken.worlds.ode.text import SYSTEM_MESSAGE


def prompt(problem: Problem) -> Answers:
    """The prompt, the system's message, and both."""
    yield problem.prompt
    yield SYSTEM_MESSAGE
    yield SYSTEM_MESSAGE + "\n" + problem.prompt


def feedback(problem: Problem) -> Answers:
    """What the judge says, eight times over."""
    reply = yield "I do not know."
    for _ in range(7):
        reply = yield reply
