"""What `train laws` can be told."""

from collections.abc import Sequence
from dataclasses import dataclass

from gedanken.training.options import PROBLEMS, REPORTS, option
from gedanken.training.scratch.options import FREE, DecoderOptions


@dataclass(frozen=True, kw_only=True)
class LawOptions(DecoderOptions):
    """Options of `train laws`.

    Attributes:
        subjects: Systems, separated by commas; repeatable. All that are not held out if not given.
        favoured: Share of the problems that are about the systems that other runs train on by default.
        drawn: Share of the problems that are about laws drawn at random, which no system of the zoo has.
        mistakes: A model's own answers (`outcomes.jsonl` of `train evaluate --split train --out`); repeatable. What
            follows a wrong one is taught.
        own_mistakes: Share of the examples that come from `mistakes`, where there are any.
        validation_problems: Problems of each default system in an evaluation, of the validation split; 0 for none.
    """

    # A model's mistakes get older as it learns: those of the newest one replace them.
    free = (*FREE, "mistakes", "own_mistakes")

    subjects: Sequence[str] | None = option(PROBLEMS, None, flags=("--system-ids",))
    favoured: float = option(PROBLEMS, 0.5, min=0, max=1)
    drawn: float = option(PROBLEMS, 0.2, min=0, max=1)
    mistakes: Sequence[str] | None = option(PROBLEMS, None, flags=("--mistakes",))
    own_mistakes: float = option(PROBLEMS, 0.3, min=0, max=1)
    validation_problems: int = option(REPORTS, 4, min=0)
