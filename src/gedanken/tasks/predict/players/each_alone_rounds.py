"""As `each_alone`, and then in rounds every row adds half of what its law still asks for: no model is asked."""

from gedanken.tasks.predict.impulses import Booker
from gedanken.worlds.rigid.rounds import GIVEN


def load() -> Booker:
    """The player."""
    return Booker("each_alone_rounds", "rounds", GIVEN)
