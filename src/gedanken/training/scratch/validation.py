"""Loss of a model on validation scenes while it learns, and the velocity errors of its own answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gedanken.seeding import stream
from gedanken.tasks.predict.extrapolation import linear
from gedanken.training.scratch.examples import Lesson, encode, prepare
from gedanken.training.scratch.tokenizer import END_ID, PAD_ID
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import corrections

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LONGEST_ANSWER = 400
"""Tokens that an answer may have; the longest of level 1 have 300."""


@dataclass(frozen=True)
class Figures:
    """What came out, over examples chosen as those of the training are (mostly contacts).

    Attributes:
        loss: weighted cross entropy a token (nats).
        velocity_rmse: of the model's answers, px/s over bodies.
        velocity_rmse_prior: of the answer that corrects nothing.
        velocity_rmse_linear: of free flight from the last frame.
        well_formed: share of answers that read without complaint.
        examples: how many.
    """

    loss: float
    velocity_rmse: float
    velocity_rmse_prior: float
    velocity_rmse_linear: float
    well_formed: float
    examples: int


def pose_lessons(cells: Sequence[tuple[str, int]], scenes: int) -> list[Lesson]:
    """Lessons of so many scenes of the validation split, in turn from every scenario and level."""
    lessons = []
    for number in range(scenes):
        index, cell = divmod(number, len(cells))
        scenario, level = cells[cell]
        recording = record(scenarios.pose(scenario, level, split="val", index=index))
        rng = stream("scratch", "validation", scenario, level, index)
        lessons.append(prepare(recording.scene, recording.states, rng))
    return lessons


def validate(model: Any, tokenizer: "Tokenizer", lessons: Sequence[Lesson]) -> Figures:
    """Measure a model as it is; it is in training again afterwards."""
    import torch

    from gedanken.training.scratch.decoder import ATTENTION, measure_loss, use_attention

    model.eval()
    use_attention(model, "sdpa")
    total = weight = 0.0
    errors: dict[str, list[Array]] = {"model": [], "prior": [], "linear": []}
    formed = []
    with torch.no_grad():
        for lesson in lessons:
            tokens = encode(lesson, tokenizer)
            total += float(measure_loss(model, tokens))
            weight += float(tokens.weights[:, 1:].sum())
            for example, answer in zip(lesson.examples, write_answers(model, tokenizer, lesson), strict=True):
                reading = corrections.parse_frame(answer, example.prompt)
                nothing = f"Frame {example.prompt.next} corrections\nend\n"
                prior = corrections.parse_frame(nothing, example.prompt).state
                guesses = {
                    # An answer that is no answer is the frame that was shown last, as everywhere.
                    "model": np.where(np.isfinite(reading.state), reading.state, example.prompt.states[-1]),
                    "prior": prior,
                    "linear": linear(example.prompt),
                }
                for name, guess in guesses.items():
                    off = np.clip((guess - example.state)[:, 2:4], -1e5, 1e5)
                    errors[name].append(np.linalg.norm(off, axis=1))
                formed.append(not reading.complaints)
    use_attention(model, ATTENTION)
    model.train()
    rmse = {name: float(np.sqrt(np.mean(np.square(np.concatenate(norms))))) for name, norms in errors.items()}
    return Figures(total / weight, rmse["model"], rmse["prior"], rmse["linear"], float(np.mean(formed)), len(formed))


def write_answers(model: Any, tokenizer: "Tokenizer", lesson: Lesson) -> list[str]:
    """The model's likeliest answer, token by token, to every example of a lesson."""
    import torch

    prompts = [tokenizer.encode(lesson.opening + example.text).ids for example in lesson.examples]
    longest = max(map(len, prompts))
    ids = torch.tensor([[PAD_ID] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    written = model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=LONGEST_ANSWER,
        do_sample=False,
        eos_token_id=END_ID,
        pad_token_id=PAD_ID,
    )
    return [tokenizer.decode(row[longest:].tolist(), skip_special_tokens=True) for row in written]
