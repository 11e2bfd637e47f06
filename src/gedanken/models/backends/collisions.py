"""`collisions:FOLDER`: a small decoder that finds the contacts itself, made by `train collisions`, without torch."""

from gedanken.models import find_folder
from gedanken.models.collisions.player import CollisionPlayer

IMPULSES = "gedanken-predict"
"""The model that says the impulses, unless another is asked for."""


def load(model: str, impulses: str = IMPULSES) -> CollisionPlayer:
    """The model in a folder; `impulses` is a folder that `train scratch` wrote, or the name of a model of that kind.

    Raises:
        UserError: there is none, or it is of another kind.
    """
    return CollisionPlayer(find_folder(model, "predict"), find_folder(impulses, "predict"), f"collisions:{model}")
