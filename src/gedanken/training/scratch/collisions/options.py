"""What `train collisions` can be told."""

from dataclasses import dataclass

from gedanken.training.options import REPORTS, option
from gedanken.training.scratch.options import DecoderOptions


@dataclass(frozen=True, kw_only=True)
class CollisionOptions(DecoderOptions):
    """Options of `train collisions`.

    Attributes:
        validation_scenes: Scenes of an evaluation, of the validation split, a third of them held out.
    """

    validation_scenes: int = option(REPORTS, 48, min=0)
