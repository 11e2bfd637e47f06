"""A small decoder trained from nothing on the prior-coded text of the rigid world."""

from gedanken.training.scratch.trainer import Options, train

__all__ = ["Options", "train"]
