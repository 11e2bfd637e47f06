"""Write the loop down: tables of one's own, and the rigid world's data set (`load`, `gedanken data`)."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gedanken.data.dataset import Dataset


def load(folder: str | Path) -> "Dataset":
    """The rigid data set in a folder: a sequence of scenes with their frames, read as they are asked for.

    The folder may also be `s3://...` or the like, see `gedanken.data.places`.

    Raises:
        UserError: it is not a data set that this version can read.
    """
    from gedanken.data.dataset import Dataset

    return Dataset(folder)
