"""`impulses:FOLDER`: a small decoder of contacts that `train scratch` made, computed without torch."""

from gedanken.models import find_folder
from gedanken.models.impulses.player import ImpulsePlayer


def load(model: str) -> ImpulsePlayer:
    """The model in a folder.

    Raises:
        UserError: there is none, or it is of another kind.
    """
    return ImpulsePlayer(find_folder(model, "predict"), f"impulses:{model}")
