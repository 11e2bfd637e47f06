"""What a decoder is taught: where its examples come from, what its mistakes cost, how it is examined."""

from pathlib import Path
from typing import Any, Protocol

from gedanken.training.scratch.loader import Source


class Lesson(Protocol):
    """What `trainer.train` asks of a lesson.

    Attributes:
        kind: of the run, as `config.json` says it.
    """

    kind: str

    @property
    def source(self) -> Source:
        """Where examples come from."""

    @property
    def vocabulary(self) -> str:
        """Name of what the tokens mean: examples made ahead are for lessons in the same words."""

    def describe(self) -> dict[str, Any]:
        """What the run learns from, for its `config.json`."""

    def make_model(self) -> Any:
        """The decoder with its first weights."""

    def measure(self, model: Any, ids: Any, asked: Any, progress: float) -> tuple[Any, float, int]:
        """Weighted sum of the losses of a batch's answers, the weight, and how many tokens that is over.

        Args:
            model: the decoder.
            ids: tokens, shape (texts, tokens), pads behind.
            asked: which of them are answers.
            progress: share of the run that is done.
        """

    def save_words(self, folder: Path) -> None:
        """Write the vocabulary into a model's folder."""

    def examine(self, folder: Path) -> dict[str, Any]:
        """Figures of the model in a folder on validation problems, JSON-able; empty where there are none."""
