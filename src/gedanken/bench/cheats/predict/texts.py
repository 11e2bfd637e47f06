"""Hostile texts: long, malformed, of another frame, of bodies that there are not."""

import numpy as np

from gedanken.bench.cheats import Answers
from gedanken.bench.cheats.predict._frames import write
from gedanken.bench.fuzz import mutate
from gedanken.loop import Problem
from gedanken.seeding import stream

LENGTH = 200_000
GENERATED = 20


def long(problem: Problem) -> Answers:
    """Lines that look like an answer's, as many as are read and more."""
    lines = ["0: x", "", "Frame", "Frame 1", "0: " + "v " * 490, "0: a" + " " * 980 + "b", "0: " + "9" * 900]
    lines += ["obj_0: pos=(1, 2), vel=(", "obj_0: pos=(" + " " * 980, " " * 990, "0: 1,2 " + "v 1 " * 240]
    heads = ("", f"Frame {problem.observation.prompt.next} corrections\n")
    for line in lines:
        for head in heads:
            yield head + f"{line}\n" * (LENGTH // (len(line) + 1))
    yield "".join(f"{body}: 1,2 v 3,4 a 0 w 0\n" for body in range(1000, 9000))
    yield "0: " * LENGTH


def numbers(problem: Problem) -> Answers:
    """The last frame with numbers that overflow."""
    frame = np.array(problem.observation.prompt.states[-1])
    for value in (1e11, -1e11, 999_999.0):
        frame[0, 2:4] = value
        yield write(problem, frame)
    answer = write(problem, problem.observation.prompt.states[-1])
    for number in ("nan", "inf", "1e999", "-", "\u0661", "9" * 400):
        yield answer.replace(".", f".{number}", 1)


def generated(problem: Problem) -> Answers:
    """Mutated frames."""
    rng = stream("bench", "cheats", problem.subject, problem.key.index)
    answer = write(problem, problem.observation.prompt.states[-1])
    for _ in range(GENERATED):
        yield mutate(answer, rng)
