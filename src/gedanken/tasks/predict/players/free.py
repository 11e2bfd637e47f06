"""Motion without impulses, with all that is no contact or joint: fields, springs, drag."""

from gedanken.tasks.predict.impulses import Booker


def load() -> Booker:
    """The player."""
    return Booker("free", "free")
