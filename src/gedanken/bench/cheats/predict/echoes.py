"""The words of the problem and of the judge, as an answer."""

from gedanken.bench.cheats import Answers
from gedanken.bench.cheats.predict._frames import write
from gedanken.loop import Problem


def last_frames(problem: Problem) -> Answers:
    """Each of the last frames shown."""
    for frame in problem.observation.prompt.states[::-1]:
        yield write(problem, frame)


def prompt(problem: Problem) -> Answers:
    """The prompt itself."""
    yield problem.prompt


def feedback(problem: Problem) -> Answers:
    """What the judge says."""
    reply = yield "I do not know."
    for _ in range(7):
        reply = yield reply
