"""Constants of motion: expressions of the grammar that keep their value along a clean trajectory."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from gedanken.worlds.ode.law import algebra
from gedanken.worlds.ode.law.parser import TIME, Expression, parse
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory


def evaluate(text: str, values: Mapping[str, ArrayLike]) -> Array:
    """Value of an expression of the grammar on numbers, or on arrays of samples.

    Raises:
        Unanswerable: the text is not in the grammar, or has a name that has no value.
    """
    arrays = {name: np.asarray(value, np.float64) for name, value in values.items()}
    return algebra.evaluate(_read(text, tuple(name for name in values if name != TIME)), arrays)[0]


@lru_cache(maxsize=1024)
def _read(text: str, names: tuple[str, ...]) -> Expression:
    """The expression's tree. The grammar has laws only, so the expression is read as the law of an extra variable."""
    return parse(f"dvalue_/dt = {text}", StateSpace.first_order("value_"), names).right_sides[0]


def drift(quantity: str, states: StateSpace, params: Mapping[str, float], trajectory: Trajectory) -> float:
    """Largest departure of a constant of motion from its first value, relative to its largest magnitude."""
    columns = dict(zip(states.columns, trajectory.values.T, strict=True))
    values = evaluate(quantity, {**params, **columns, TIME: trajectory.t})
    return float(np.abs(values - values[0]).max() / np.abs(values).max())
