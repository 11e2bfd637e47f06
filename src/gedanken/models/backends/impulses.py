"""`impulses:FOLDER`: a small decoder of contacts that `train scratch` made, computed without torch."""

from pathlib import Path

from gedanken.models.impulses.player import ImpulsePlayer


def load(model: str) -> ImpulsePlayer:
    """The model in a folder.

    Raises:
        UserError: there is none, or it is of another kind.
    """
    return ImpulsePlayer(Path(model), f"impulses:{model}")
