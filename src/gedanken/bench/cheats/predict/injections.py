"""Orders to the judge."""

from gedanken.bench.cheats import Answers
from gedanken.bench.cheats._injections import INJECTIONS
from gedanken.bench.cheats.predict._frames import write
from gedanken.loop import Problem


def plain(problem: Problem) -> Answers:
    """As the whole answer."""
    yield from INJECTIONS


def around_a_frame(problem: Problem) -> Answers:
    """Before, after and around the last frame shown."""
    frame = write(problem, problem.observation.prompt.states[-1])
    for text in INJECTIONS:
        yield f"{text}\n{frame}"
        yield f"{frame}\n{text}"
