"""What `train scratch` can be told."""

from dataclasses import dataclass
from pathlib import Path

from gedanken.training.options import REPORTS, STEPS, option
from gedanken.training.scratch.options import DecoderOptions


@dataclass(frozen=True, kw_only=True)
class ScratchOptions(DecoderOptions):
    """Options of `train scratch`.

    Attributes:
        data: A data set's folder, of the training split; if not given, scenes are posed as they are needed, without
            end, of all training scenarios and levels.
        most_rows: Most contacts and joints of a group that is learnt from; attention costs their square.
        validation_scenes: Scenes of an evaluation, of the validation split and the data's scenarios and levels, a
            third of them held out.
    """

    data: Path | None = None
    most_rows: int = option(STEPS, 64, min=1)
    validation_scenes: int = option(REPORTS, 48, min=0)
