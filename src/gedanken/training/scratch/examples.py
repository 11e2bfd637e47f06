"""What a scene teaches: a few of its frames, those where something happens first, with their common beginning apart.

At level 1 nine frames in ten are quiet and nothing is to be said about them. Examples therefore are the frames where a
deviation from the extrapolation begins (a contact), those where it goes on (the frame after a contact has its jump to
undo), and fewer quiet ones, half of them right before a contact, which teach when it is not yet time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gedanken.data.dataset import Sample
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.training.scratch.tokenizer import END_ID, PAD_ID
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import Prompt, corrections

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CONTEXT = 2
"""Frames shown: what the prior of the format extrapolates from, and the fewest that it is defined for."""

MOST = 8
"""Examples of a scene."""

CONTEXT_WEIGHT = 0.1
"""Weight of the second context frame in the loss. It is not to be written at play, but it is there, its computation is
paid for, and it is the same physics: how the first frame goes on."""

QUIET_WEIGHT = 2.0
"""Weight of an answer without corrections: quiet frames are rarer among the examples than in a recording."""

DIGIT_WEIGHTS = (1.0, 1.0, 0.5, 0.1)
"""Weights of the first, second, third, and any later digit of a correction, counted from its first significant digit
or from its point, whichever is more. The late ones are nearly all of the loss of a small model, which cannot know them,
and nothing of its error."""


@dataclass(frozen=True)
class Example:
    """One frame to be predicted.

    Attributes:
        prompt: the question; `corrections.parse_frame` reads an answer to it.
        state: the recorded frame, shape (bodies, 6).
        text: the question as text, without the scene's opening.
        answer: the corrections as text.
    """

    prompt: Prompt
    state: Array
    text: str
    answer: str


@dataclass(frozen=True)
class Lesson:
    """Examples of one scene that share their beginning.

    Attributes:
        opening: header and start of the scene.
        examples: what follows it, at least one.
    """

    opening: str
    examples: Sequence[Example]


@dataclass(frozen=True)
class Tokens:
    """A lesson as numbers.

    Attributes:
        opening: shape (tokens,), int64.
        branches: shape (examples, tokens), int64: the rest of each example, filled up with pads.
        weights: shape of `branches`, float32: how much the prediction of each token counts; pads count 0.
        count: tokens that are not pads.
    """

    opening: np.ndarray
    branches: np.ndarray
    weights: np.ndarray
    count: int


def teach(sample: Sample, position: int, most: int = MOST) -> Lesson:
    """The lesson of a scene of a training set; `position` in the run's order draws its frames.

    Raises:
        UserError: the scene is held out, not of the training split, or its positions are raw.
    """
    scenario, level, split, index = sample.key
    if split != "train" or scenario in scenarios.HELD_OUT:
        raise UserError(f"{scenario} {index} of split {split} is not for training")
    if sample.row["labels"] != corrections.LABELS:
        raise UserError(f"the format corrections needs {corrections.LABELS} positions, the data set has raw ones")
    rng = stream("scratch", "frames", scenario, level, index, position)
    return prepare(sample.scene, sample.states, rng, most)


def prepare(scene: Scene, states: Array, rng: np.random.Generator, most: int = MOST) -> Lesson:
    """The lesson of a recorded scene, shape of `states` (frames, bodies, 6)."""
    header = corrections.Header.of(scene)
    opening = corrections.write_header(header)
    examples = []
    for number in choose_frames(find_deviations(header, states), rng, most):
        prompt = Prompt(header, states[number - CONTEXT : number], number - CONTEXT)
        text = corrections.write_prompt(prompt)
        assert text.startswith(opening)
        answer = corrections.write_target(prompt, states[number])
        examples.append(Example(prompt, states[number], text[len(opening) :], answer))
    return Lesson(opening, examples)


def find_deviations(header: corrections.Header, states: Array) -> np.ndarray:
    """Which frames need a correction after the two before them, shape (frames,); the first two count as quiet."""
    deviates = np.zeros(len(states), bool)
    with corrections.Extrapolation(header) as extrapolate:
        for number in range(CONTEXT, len(states)):
            off = np.abs(states[number] - extrapolate(states[number - CONTEXT : number]))
            deviates[number] = (off > header.tolerance + 0.00005).any()
    return deviates


def choose_frames(deviates: np.ndarray, rng: np.random.Generator, most: int = MOST) -> list[int]:
    """Numbers of the frames to ask for, in order; all have `CONTEXT` frames before them that are not frame 0.

    Three quarters of `most` may deviate, of these two thirds be beginnings; a quiet frame comes with every three.
    """
    number = np.arange(len(deviates))
    before, after = np.roll(deviates, 1), np.roll(deviates, -1)
    before[0] = after[-1] = False
    usable = number > CONTEXT

    def draw(which: np.ndarray, count: int) -> list[int]:
        places = np.flatnonzero(which & usable)
        return [int(n) for n in rng.choice(places, min(count, len(places)), replace=False)]

    events = max(1, most * 3 // 4)
    chosen = draw(deviates & ~before, max(1, events * 2 // 3))
    chosen += draw(deviates & before, events - len(chosen))
    quiet = max(1, min(len(chosen) // 3, most - len(chosen)))
    early = draw(~deviates & after, (quiet + int(rng.integers(2))) // 2)
    usable[early] = False
    return sorted(chosen + early + draw(~deviates, quiet - len(early)))


def encode(lesson: Lesson, tokenizer: "Tokenizer") -> Tokens:
    """Tokens and weights of a lesson."""
    opening = tokenizer.encode(lesson.opening).ids
    rows, weights = [], []
    for example in lesson.examples:
        question, answer = tokenizer.encode(example.text), tokenizer.encode(example.answer)
        # The first context frame, then its continuation up to the cue.
        second = example.text.index("\nFrame ") + 1
        cue = example.text.rindex("Predict")
        shown = [CONTEXT_WEIGHT if second <= start < cue else 0.0 for start, _ in question.offsets]
        quiet = QUIET_WEIGHT if example.answer.count("\n") == 2 else 1.0
        rows.append([*question.ids, *answer.ids, END_ID])
        weights.append([*shown, *(quiet * weight for weight in weigh(answer.tokens)), quiet])
    longest = max(map(len, rows))
    return Tokens(
        np.array(opening),
        np.array([row + [PAD_ID] * (longest - len(row)) for row in rows]),
        np.array([row + [0.0] * (longest - len(row)) for row in weights], np.float32),
        len(opening) + sum(map(len, rows)),
    )


def weigh(tokens: Sequence[str]) -> list[float]:
    """Weight of each token of an answer by what it tells: 1, but for the late digits of a number."""
    weights = []
    significant = decimals = 0
    for token in tokens:
        if token.isdigit():
            significant += bool(significant or token != "0")
            decimals += bool(decimals)
            place = max(significant, decimals - 1, 1)
            weights.append(DIGIT_WEIGHTS[min(place, len(DIGIT_WEIGHTS)) - 1])
        else:
            significant, decimals = (significant, 1) if token == "." else (0, 0)
            weights.append(1.0)
    return weights
