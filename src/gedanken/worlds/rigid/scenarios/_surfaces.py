"""What a body or a wall is made of, as the two numbers that contacts know of."""

from typing import TypedDict

import numpy as np

Range = tuple[float, float]


class Surface(TypedDict):
    """Keyword arguments of `Body`, `Segment`, `Peg`, `Block` and `walls`."""

    friction: float
    elasticity: float


def surface(rng: np.random.Generator, friction: Range, elasticity: Range) -> Surface:
    """A material drawn from ranges of the friction coefficient and the restitution."""
    return {"friction": rng.uniform(*friction), "elasticity": rng.uniform(*elasticity)}
