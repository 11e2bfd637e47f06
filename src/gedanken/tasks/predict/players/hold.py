"""Nothing changes: the least that a prediction must beat."""

from gedanken.tasks.predict.baselines import Extrapolator


def load() -> Extrapolator:
    """The player."""
    return Extrapolator("hold")
