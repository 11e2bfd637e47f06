"""Every contact and joint of the coming step by the textbook's law, as if it were the only one."""

from gedanken.tasks.predict.impulses import Booker


def load() -> Booker:
    """The player."""
    return Booker("each_alone", "alone")
