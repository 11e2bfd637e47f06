"""Rules that give the next frame without looking at what bodies touch."""

import numpy as np

from gedanken.bench.cheats import Answers
from gedanken.bench.cheats.predict._frames import write
from gedanken.loop import Problem
from gedanken.tasks.predict.extrapolation import STANDARD, accelerate, compute_bar, hold, linear, rest
from gedanken.worlds.rigid.text import Prompt


def every_rule(problem: Problem) -> Answers:
    """All that the bar is made of."""
    for frame in compute_bar(problem.observation.prompt).values():
        yield write(problem, frame)


def own_best_in_velocity(problem: Problem) -> Answers:
    """For every body the standard rule, or rest, whose velocity was nearest on the last frame shown."""
    prompt = problem.observation.prompt
    before = Prompt(prompt.header, prompt.states[:-1], prompt.first)
    rules = [*STANDARD.values(), rest]
    errors = [np.abs(rule(before)[:, 2:4] - prompt.states[-1, :, 2:4]).sum(1) for rule in rules]
    frames = np.array([rule(prompt) for rule in rules])
    yield write(problem, frames[np.argmin(errors, axis=0), np.arange(frames.shape[1])])


def by_contact(problem: Problem) -> Answers:
    """Free flight for a body that flew freely, for others what they did last, or no velocity."""
    prompt = problem.observation.prompt
    before = Prompt(prompt.header, prompt.states[:-1], prompt.first)
    free = (np.abs(linear(before)[:, 2:4] - prompt.states[-1, :, 2:4]) < 0.5).all(1)
    for touched in (hold, accelerate, rest):
        yield write(problem, np.where(free[:, None], linear(prompt), touched(prompt)))


def bounces(problem: Problem) -> Answers:
    """All velocities turned round, along one axis or both, with and without a loss."""
    prompt = problem.observation.prompt
    for columns in ([2], [3], [2, 3]):
        for factor in (-1.0, -0.7, -0.4):
            frame = linear(prompt)
            frame[:, columns] *= factor
            yield write(problem, frame)
