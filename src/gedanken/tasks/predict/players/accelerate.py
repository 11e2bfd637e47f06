"""The last change of velocity repeated."""

from gedanken.tasks.predict.baselines import Extrapolator


def load() -> Extrapolator:
    """The player."""
    return Extrapolator("accelerate")
