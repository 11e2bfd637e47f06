"""For every body the extrapolation that was nearest to it on the last frame shown."""

from gedanken.tasks.predict.baselines import Extrapolator


def load() -> Extrapolator:
    """The player."""
    return Extrapolator("own_best")
