"""Free flight: `p + v dt` and `v + g dt`."""

from gedanken.tasks.predict.baselines import Extrapolator


def load() -> Extrapolator:
    """The player."""
    return Extrapolator("linear")
