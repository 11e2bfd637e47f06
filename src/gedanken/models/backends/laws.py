"""`laws:FOLDER`: a small decoder of laws that `train laws` made, computed without torch."""

from gedanken.models import find_folder
from gedanken.models.laws.player import LawPlayer


def load(model: str, temperature: float = 0.0, seed: int = 0) -> LawPlayer:
    """The model in a folder.

    Raises:
        UserError: there is none, or it is of another kind.
    """
    return LawPlayer(find_folder(model, "discover"), f"laws:{model}", temperature, seed)
