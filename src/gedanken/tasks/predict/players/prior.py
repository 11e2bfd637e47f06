"""The extrapolation that prior-coded text is relative to."""

from gedanken.tasks.predict.baselines import Prior


def load() -> Prior:
    """The player."""
    return Prior()
