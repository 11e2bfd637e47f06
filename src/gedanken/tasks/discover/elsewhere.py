"""Other starts at which a law is tried: few, and as different as the system allows."""

from collections.abc import Mapping, Sequence

import numpy as np

from gedanken.worlds.ode import system
from gedanken.worlds.ode.trajectory import Array

# With one other start, a fitted polynomial is right there by luck more often. Of some draws they are the one nearest to
# zero and the ones furthest apart: a law without its cubic term is right for small motions, one without its linear term
# for large ones.
STARTS, DRAWS = 6, 20


def draw_starts(
    entry: system.System, rng: np.random.Generator, params: Mapping[str, float], seen: Sequence[Array]
) -> list[system.Instance]:
    """`STARTS` instances with the constants `params`.

    Args:
        entry: the system.
        rng: what they are drawn by.
        params: constants of the law.
        seen: starts of the record's trials, from which they are to differ.
    """
    return _spread_out([system.draw(entry, rng, params) for _ in range(DRAWS)], seen, STARTS)


def _spread_out(draws: list[system.Instance], seen: Sequence[Array], count: int) -> list[system.Instance]:
    """`count` of the draws: the one that starts nearest to zero, then each time the furthest from all others.

    The others are those chosen before and the starts `seen`. Distances are in standard deviations of the draws' starts.
    """
    starts = np.array([draw.initial for draw in draws])
    spread = starts.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)

    def distance(start: Array) -> Array:
        away: Array = np.linalg.norm((starts - start) / scale, axis=1)
        return away

    chosen = [int(np.argmin(distance(np.zeros(starts.shape[1]))))]
    apart = np.min([distance(start) for start in (*seen, starts[chosen[0]])], axis=0)
    while len(chosen) < count:
        chosen.append(int(np.argmax(apart)))
        apart = np.minimum(apart, distance(starts[chosen[-1]]))
    return [draws[number] for number in chosen]
