"""`collisions:FOLDER`: a small decoder that finds the contacts itself, made by `train collisions`, without torch."""

from gedanken.models import find_folder
from gedanken.models.collisions.player import CollisionPlayer

IMPULSES = "gedanken-predict"
"""The model that says the impulses of what is found."""


def load(model: str) -> CollisionPlayer:
    """The model in a folder.

    Raises:
        UserError: there is none, or it is of another kind.
    """
    return CollisionPlayer(find_folder(model, "predict"), find_folder(IMPULSES, "predict"), f"collisions:{model}")
