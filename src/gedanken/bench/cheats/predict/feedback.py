"""Players that have no idea of physics and copy from the feedback what they can, in eight turns."""

import re

import numpy as np

from gedanken.bench.cheats import Answers
from gedanken.bench.cheats.predict._frames import write
from gedanken.loop import Problem
from gedanken.tasks.predict.extrapolation import linear

TURNS = 8
_VALUE = re.compile(r"[Bb]ody (\d+)\D*?\b(vx|vy|v|x|y|angle|spin)\b[^.]*?should be (-?\d+(?:\.\d+)?)")
_DIRECTION = re.compile(r"[Bb]ody (\d+)\D*?\b(vx|vy)\b[^.]*?too (small|large|low|high)")
_ERROR = re.compile(r"[Vv]elocity error (\d+(?:\.\d+)?(?:e[-+]?\d+)?)")
_BODY = re.compile(r"[Bb]ody (\d+)")
_COLUMNS = {"x": 0, "y": 1, "vx": 2, "vy": 3, "angle": 4, "spin": 5}


def values(problem: Problem) -> Answers:
    """Takes over every value that is named."""
    frame = linear(problem.observation.prompt)
    for _ in range(TURNS):
        reply = yield write(problem, frame)
        for body, name, value in _VALUE.findall(reply):
            if name in _COLUMNS and int(body) < len(frame):
                frame[int(body), _COLUMNS[name]] = float(value)


def directions(problem: Problem) -> Answers:
    """Follows "too small" and "too large", doubling its steps until they turn, then halving them."""
    frame = linear(problem.observation.prompt)
    steps: dict[tuple[int, int], tuple[float, float]] = {}
    for _ in range(TURNS):
        reply = yield write(problem, frame)
        for body, name, how in _DIRECTION.findall(reply):
            at = int(body), _COLUMNS[name]
            sign = 1.0 if how in ("small", "low") else -1.0
            size, before = steps.get(at, (max(20.0, abs(frame[at])), sign))
            size = size * (2.0 if sign == before else 0.5) if at in steps else size
            steps[at] = size, sign
            frame[at] += sign * size


def reflections(problem: Problem) -> Answers:
    """Turns the velocity of a body that is named round: along x, along y, both, and lets it rest."""
    prompt = problem.observation.prompt
    tries = 0
    frame = linear(prompt)
    for _ in range(TURNS):
        reply = yield write(problem, frame)
        frame = linear(prompt)
        named = _BODY.search(reply)
        if named and int(named[1]) < len(frame):
            columns, factor = (([2], -1.0), ([3], -1.0), ([2, 3], -1.0), ([2, 3], 0.0))[tries % 4]
            frame[int(named[1]), columns] *= factor
            tries += 1


def errors(problem: Problem) -> Answers:
    """Solves for velocities: two values of a root mean square that differ in one coordinate give that coordinate."""
    frame = linear(problem.observation.prompt)
    speeds = np.hypot(frame[:, 2], frame[:, 3])
    coordinates = [(int(body), column) for body in np.argsort(-speeds) for column in (2, 3)]
    size, shift = len(frame), 10.0
    reply = yield write(problem, frame)
    base = _ERROR.search(reply)
    solved = np.array(frame)
    for at in coordinates[: TURNS - 2]:
        probe = np.array(frame)
        probe[at] += shift
        reply = yield write(problem, probe)
        found = _ERROR.search(reply)
        if base is None or found is None:
            continue
        change = size * (float(found[1]) ** 2 - float(base[1]) ** 2)
        solved[at] -= (change - shift**2) / (2 * shift)
    yield write(problem, solved)
