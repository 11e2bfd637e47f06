"""Training text from a data set, in any format of the rigid world, a scene at a time."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson

from gedanken.data.dataset import Dataset, Sample
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.text import Prompt, lfm

CHARACTERS_A_TOKEN = 1.8
"""Of texts of frames, in the tokenizers of small models that split numbers into digits: 1.83 in that of LFM2."""


def estimate_tokens(text: str) -> int:
    """About how many tokens a text of frames has, without a tokenizer."""
    return math.ceil(len(text) / CHARACTERS_A_TOKEN)


def load_tokenizer(name: str) -> Callable[[str], int]:
    """A function that counts tokens with a tokenizer: a `tokenizer.json`, its folder, or a name on the Hub.

    Raises:
        UserError: it cannot be loaded.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise UserError("counting tokens needs tokenizers: pip install tokenizers") from None
    path = Path(name)
    path = path / "tokenizer.json" if path.is_dir() else path
    try:
        tokenizer = Tokenizer.from_file(str(path)) if path.exists() else Tokenizer.from_pretrained(name)
    except Exception as error:  # the library raises plain exceptions
        raise UserError(f"there is no tokenizer {name}: {str(error).splitlines()[0]}") from error
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


@dataclass(frozen=True)
class Writer:
    """How scenes become training text.

    Attributes:
        format: name of the text format.
        context: frames of context before the frame that is asked for; None writes whole scenes.
        examples: with a context, how many examples a scene gives, at frames drawn by the scene's key.
        max_tokens: with a context, most tokens of a prompt with its answer: the oldest frames are dropped first, and an
            example that does not fit with one frame is left out.
        tokens: counts them; by default `estimate_tokens`.
    """

    format: str = "v1"
    context: int | None = None
    examples: int = 1
    max_tokens: int | None = None
    tokens: Callable[[str], int] = estimate_tokens

    def __post_init__(self) -> None:
        text.load(self.format)
        if self.context is not None and self.context < 1:
            raise UserError(f"the context must be at least one frame, not {self.context}")
        if self.examples < 1:
            raise UserError(f"the number of examples of a scene must be at least 1, not {self.examples}")
        if self.max_tokens is not None and (self.max_tokens < 1 or self.context is None):
            raise UserError("a limit of tokens is for prompts with their answers (--context), and at least 1")

    def records(self, sample: Sample) -> Iterator[dict[str, Any]]:
        """`{"text"}` of a whole scene, or `{"prompt", "completion"}` of every example, with the scene's key.

        Raises:
            UserError: the format needs what the scene's source does not tell.
        """
        scenario, level, split, index = sample.key
        key = {"scenario": scenario, "level": level, "split": split, "index": index}
        if self.context is None:
            yield {**key, "text": self.scene(sample)}
        else:
            yield from ({**key, "frame": n, "prompt": p, "completion": c} for n, p, c in self.pairs(sample))

    def scene(self, sample: Sample) -> str:
        """Header and all frames."""
        written = text.load(self.format).write_prompt(Prompt(self.header(sample), sample.states, sample.first))
        # The last line asks for the frame after the last.
        return written[: written.rstrip("\n").rindex("\n") + 1]

    def pairs(self, sample: Sample) -> Iterator[tuple[int, str, str]]:
        """Frame number, prompt and target of each example; targets are different frames.

        Raises:
            UserError: the scene has fewer frames than the context needs.
        """
        assert self.context is not None
        free = len(sample.states) - self.context
        if free < self.examples:
            raise UserError(
                f"{len(sample.states)} frames do not give {self.examples} examples with {self.context} of context"
            )
        layout = text.load(self.format)
        header = self.header(sample)
        starts = stream("training", self.context, self.examples, *sample.key).choice(free, self.examples, replace=False)
        for start in np.sort(starts).tolist():
            end = start + self.context
            for begin in range(start, end):
                prompt = Prompt(header, sample.states[begin:end], sample.first + begin)
                asked, answer = layout.write_prompt(prompt), layout.write_target(prompt, sample.states[end])
                if self.max_tokens is None or self.tokens(asked) + self.tokens(answer) <= self.max_tokens:
                    yield prompt.next, asked, answer
                    break

    def header(self, sample: Sample) -> Any:
        """The format's header of a scene."""
        if sample.unknown and self.format == "lfm":
            return foreign_header(sample)
        return text.load(self.format).Header.of(sample.scene, sample.row["labels"])


def foreign_header(sample: Sample) -> lfm.Header:
    """The `lfm` header of an imported scene: it asks for nothing that the source does not tell."""
    row = sample.row
    statics = tuple(
        tuple(float(f"{value:.0f}") for value in (*points, *([radius] if kind == "peg" else [])))
        for kind, points, radius in zip(row["static_kind"], row["static_points"], row["static_radius"], strict=True)
    )
    names = {kind.__name__.lower(): name for kind, name in lfm.JOINTS.items()}
    joints = zip(row["joint_kind"], row["joint_a"], row["joint_b"], strict=True)
    return lfm.Header(
        description=row["description"],
        gravity=tuple(row["gravity"]),
        scenario=row["scenario"],
        level=row["level"],
        statics=statics,
        constraints=tuple((names[kind], a, b) for kind, a, b in joints),
    )


def write(
    writer: Writer,
    data: Dataset,
    file: BinaryIO,
    as_json: bool,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> int:
    """Write the training text of a data set, scene by scene.

    Args:
        writer: the format.
        data: the scenes.
        file: where to.
        as_json: an object a line; otherwise plain text with an empty line after every scene.
        progress: called with scenes written, scenes in all, and a note.

    Returns:
        How many records were written.
    """
    written = 0
    for done, sample in enumerate(data, 1):
        for record in writer.records(sample):
            written += 1
            if as_json:
                file.write(orjson.dumps(record) + b"\n")
            else:
                file.write(record["text"].encode() + b"\n")
        progress(done, len(data), "")
    return written
