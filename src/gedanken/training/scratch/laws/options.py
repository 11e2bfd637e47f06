"""What `train laws` can be told."""

from collections.abc import Sequence
from dataclasses import dataclass

from gedanken.training.options import PROBLEMS, REPORTS, SAMPLING, STEPS, option
from gedanken.training.scratch.options import FREE, DecoderOptions, TrainerOptions


@dataclass(frozen=True, kw_only=True)
class LawOptions(DecoderOptions):
    """Options of `train laws`.

    Attributes:
        subjects: Systems, separated by commas; repeatable. All that are not held out if not given.
        favoured: Share of the problems that are about the systems that other runs train on by default.
        drawn: Share of the problems that are about laws drawn at random, which no system of the zoo has.
        init_from: A model of laws to begin with, a folder or one that comes along; its words are found by name. Random
            weights if not given.
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
    init_from: str | None = option(PROBLEMS, None)
    mistakes: Sequence[str] | None = option(PROBLEMS, None, flags=("--mistakes",))
    own_mistakes: float = option(PROBLEMS, 0.3, min=0, max=1)
    validation_problems: int = option(REPORTS, 4, min=0)


@dataclass(frozen=True, kw_only=True)
class ReinforceOptions(TrainerOptions):
    """Options of `train laws-rl`.

    Attributes:
        model: The model of laws to begin with, a folder or one that comes along.
        subjects: Systems, separated by commas; repeatable. All that are not held out if not given.
        favoured: Share of the problems that are about the systems that other runs train on by default.
        drawn: Share of the problems that are about laws drawn at random.
        turns: Answers of an episode. A failed answer is followed by what the simulator said to it, and a group of next
            answers, which are compared with each other.
        problems: Problems of a step.
        num_generations: Answers of a group.
        temperature: Of sampling.
        beta: Weight of the KL divergence from the model to begin with; 0 keeps no reference.
        learning_rate: Learning rate at its peak; from there it falls as a cosine to a twentieth.
        optimizer: `muon` (AdamW for what is not a matrix within a layer) or `adamw`.
        weight_decay: Of matrices; norms and embeddings have none.
        warmup_steps: Steps of linear warm-up.
        checkpoint_steps: Steps between checkpoints.
        validation_problems: Problems of each default system in an evaluation, of the validation split; 0 for none.
    """

    model: str = "gedanken-laws"
    subjects: Sequence[str] | None = option(PROBLEMS, None, flags=("--system-ids",))
    favoured: float = option(PROBLEMS, 0.5, min=0, max=1)
    drawn: float = option(PROBLEMS, 0.2, min=0, max=1)
    turns: int = option(SAMPLING, 3, min=1)
    problems: int = option(SAMPLING, 8, min=1)
    num_generations: int = option(SAMPLING, 8, min=2)
    temperature: float = option(SAMPLING, 1.0, min=0.01)
    beta: float = option(STEPS, 0.0, min=0)
    learning_rate: float = option(STEPS, 1e-4)
    optimizer: str = option(STEPS, "adamw")
    weight_decay: float = option(STEPS, 0.0, min=0)
    warmup_steps: int = option(STEPS, 5, min=0)
    checkpoint_steps: int = option(REPORTS, 10, min=1)
    validation_problems: int = option(REPORTS, 4, min=0)
