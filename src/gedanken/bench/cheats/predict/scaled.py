"""Free flight with its velocities scaled, and mixtures of rules."""

from itertools import combinations

from gedanken.bench.cheats import Answers
from gedanken.bench.cheats.predict._frames import write
from gedanken.loop import Problem
from gedanken.tasks.predict.extrapolation import BAR, linear

FACTORS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.02, 1.1)
RULES = ("hold", "linear", "accelerate", "rest", "quadratic")


def velocities(problem: Problem) -> Answers:
    """Times one factor for all."""
    for factor in FACTORS:
        frame = linear(problem.observation.prompt)
        frame[:, [2, 3, 5]] *= factor
        yield write(problem, frame)


def mixtures(problem: Problem) -> Answers:
    """Weighted means of two rules."""
    prompt = problem.observation.prompt
    frames = {name: BAR[name](prompt) for name in RULES}
    for a, b in combinations(RULES, 2):
        for weight in (0.3, 0.5, 0.7):
            yield write(problem, weight * frames[a] + (1 - weight) * frames[b])
