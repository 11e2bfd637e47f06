"""`laws_deaf:FOLDER`: a decoder of laws that does not hear what is said to its answers: as many tries without feedback.

The control beside `laws:FOLDER` over several turns. Each answer is drawn from the problem alone, and none twice.
"""

from pathlib import Path

from gedanken.models.laws.player import LawPlayer


def load(model: str, temperature: float = 0.0) -> LawPlayer:
    """The model in a folder.

    Raises:
        UserError: there is none, or it is of another kind.
    """
    return LawPlayer(Path(model), f"laws_deaf:{model}", temperature, deaf=True)
