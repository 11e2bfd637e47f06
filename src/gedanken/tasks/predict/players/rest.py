"""Positions move on, then everything stops."""

from gedanken.tasks.predict.baselines import Extrapolator


def load() -> Extrapolator:
    """The player."""
    return Extrapolator("rest")
