"""What the constants of each system hang on: the number that a prompt states and that each is nearly a multiple of.

The frequency of a spring stands in the statistics of its record, the terminal speed of a fall is its lowest velocity,
and a pendulum's constant is the frequency of its small swings. Which statistic each constant follows is measured on
problems of the training split.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.models.laws.dialect import Dialect
from gedanken.models.laws.stated import LARGEST_FACTOR, Reference
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.tasks.discover.task import DiscoverTask

POSED_FROM = 2_000_000
"""Index of the first of the problems that are looked at."""

POSED = 24
"""Problems of each system."""

LEAST_STATED = 0.5
"""Share of them in which a statistic must be stated."""

CLOSER = 0.7
"""A constant's ratio to a statistic must spread at most so many times as much as the constant itself."""

References = Mapping[str, Sequence[Reference]]
"""Of each constant, by its name in the law that is taught: what it follows, the closest first."""


def find_references(judge: DiscoverTask, subject: str, vocabulary: Vocabulary, rows: int, noise: float) -> References:
    """What each constant of a system follows; nothing for those that follow no statistic."""
    stated: list[dict[Reference, float]] = []
    constants: list[Mapping[str, float]] = []
    for index in range(POSED_FROM, POSED_FROM + POSED):
        problem = judge.pose(subject, split="train", index=index, rows=rows, noise=noise)
        dialect = Dialect(problem.observation.states, vocabulary)
        dialect.write_conversation(judge.ask(problem))
        stated.append(dialect.stated)
        constants.append(problem.truth.taught[1])
    known = sorted({reference for each in stated for reference in each})
    found: dict[str, Sequence[Reference]] = {}
    for name in constants[0]:
        values = np.array([each[name] for each in constants])
        spreads = {}
        for reference in known:
            ratios = values / np.array([each.get(reference, np.nan) for each in stated])
            spread = _spread(ratios[np.isfinite(ratios)])
            if spread < CLOSER * _spread(values):
                spreads[reference] = spread
        found[name] = sorted(spreads, key=lambda reference: (spreads[reference], reference))
    return found


def _spread(values: NDArray[np.float64]) -> float:
    """Half of the range of the logarithms of the middle two thirds; infinite where that says nothing."""
    if len(values) < LEAST_STATED * POSED or abs(np.sign(values).sum()) < len(values):
        return float("inf")
    sizes = np.abs(values)
    if np.median(np.abs(np.log(sizes))) > np.log(LARGEST_FACTOR):
        return float("inf")
    low, high = np.quantile(np.log(sizes), [1 / 6, 5 / 6])
    return float(high - low) / 2
