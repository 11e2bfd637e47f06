"""Hostile texts: what is refused, what is mutated, what is costly to read."""

from gedanken.bench import fuzz, hostile
from gedanken.bench.cheats import Answers
from gedanken.loop import Problem
from gedanken.seeding import stream

GENERATED = 100


def refused(problem: Problem) -> Answers:
    """Texts outside of the grammar."""
    yield from hostile.REFUSED_JSON.values()
    yield from map(hostile.as_json, hostile.REFUSED.values())


def generated(problem: Problem) -> Answers:
    """Random and mutated answers."""
    rng = stream("bench", "cheats", problem.subject, problem.key.index)
    for _ in range(GENERATED):
        yield fuzz.write_answer(rng)


def long(problem: Problem) -> Answers:
    """Texts that are long to search for an answer."""
    for piece in ('{"equation"', "<answer>", "```json\n", "{" * 64, '"equation": "', "\\u0000", "[[["):
        yield piece * (60_000 // len(piece))
        yield piece * (300_000 // len(piece))
