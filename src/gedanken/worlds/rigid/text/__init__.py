"""Text that a rigid scene is written in and read from: one module a format, all with the functions of `Format`.

`prompt = Prompt(v1.Header.of(scene), states, first)`, `v1.write_prompt(prompt)` is what a model reads, and
`v1.parse_frame(answer, prompt)` is its answer as numbers. Parsers are total: any text gives a result or complaints, in
time linear in its length. The layouts are described in `docs/guide/rigid-text.md`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np

from gedanken import zoo
from gedanken.worlds.rigid.engine.simulate import Labels
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import _grammar

PACKAGE = "gedanken.worlds.rigid.text"

LONGEST_ANSWER = 200_000
"""Characters of an answer that are read; 50 bodies take 5,000."""

LONGEST_PROMPT = 20_000_000
"""Characters of a prompt that are read; 200 frames of 50 bodies take 600,000."""

MOST_COMPLAINTS = 20
"""Complaints that are kept; the rest are counted."""


class Header(Protocol):
    """What a format gives of a scene before the first frame; each format has its own."""

    @classmethod
    def of(cls, scene: Scene, labels: Labels = "pushed") -> "Header":
        """What the format gives of this scene."""

    @property
    def gravity(self) -> tuple[float, float]:
        """Uniform acceleration (px/s^2)."""


@dataclass(frozen=True, eq=False)
class Prompt:
    """A header and consecutive frames, as data.

    Attributes:
        header: the format's `Header`.
        states: shape (k, bodies, 6), k >= 1: x, y, vx, vy, angle, spin. NaN where the format does not say.
        first: number of the first of these frames.
    """

    header: Any
    states: Array
    first: int = 0

    @property
    def next(self) -> int:
        """Number of the frame that is asked for."""
        return self.first + len(self.states)


@dataclass(frozen=True, eq=False)
class Reading:
    """What was understood of an answer.

    Attributes:
        state: shape (bodies, 6), NaN where the answer gives nothing readable.
        number: number of the frame as the answer states it, or None.
        complaints: what is missing or malformed, a sentence each; empty for a complete answer.
    """

    state: Array
    number: int | None
    complaints: Sequence[str]

    @property
    def answered(self) -> Any:
        """Which bodies have a position and a velocity, shape (bodies,), bool."""
        return np.isfinite(self.state[:, :4]).all(1)

    def answered_as(self, number: int) -> Any:
        """Which bodies were answered in a frame that bears this number, shape (bodies,), bool."""
        return self.answered if self.number == number else np.zeros(len(self.state), bool)

    def lines(self) -> list[str]:
        """How many bodies were answered; the frame itself is long."""
        return [f"{int(self.answered.sum())} of {len(self.state)} bodies answered"]


class Format(Protocol):
    """The functions that every format's module has: a new format is one file in this folder.

    A module may also have `write_grammar(prompt)`, the grammar of an answer in Lark, where answers vary in form; the
    usual grammar is the newest frame as the format would answer it, with other numbers (see `_grammar`). Where its
    header is v1's with one line more, `MARK` is how that line begins.

    Attributes:
        Header: what the format gives of a scene.
        LABELS: which positions its frames are meant to give (see `simulate`): `raw` where published models were
            trained on Chipmunk's own, `pushed` where the text is to decide the next frame.
    """

    Header: type[Header]
    LABELS: Labels

    def write_header(self, header: Any) -> str:
        """The header's lines, each ending with a newline."""

    def write_frames(self, states: Any, first: int = 0) -> str:
        """Consecutive frames as context, each ending with a newline.

        States are finite floats, or integers in units of 1e-4 (`simulate.record_fixed`), which is faster.
        """

    def write_prompt(self, prompt: Prompt) -> str:
        """Header, frames and the cue that asks for the next frame."""

    def write_target(self, prompt: Prompt, state: Array) -> str:
        """The right answer to a prompt whose next frame is `state`, shape (bodies, 6)."""

    def visible(self, prompt: Prompt) -> Array:
        """What is left of `prompt.states` after writing and reading, NaN where the format does not say."""

    def parse_prompt(self, text: str) -> Prompt | list[str]:
        """Read a prompt back, or say what is missing or malformed."""

    def parse_frame(self, text: str, prompt: Prompt) -> Reading:
        """Read an answer to a prompt. Of several frames the one that is numbered as asked counts, else the first."""


def names() -> list[str]:
    """Every format's name."""
    return list(zoo.names(PACKAGE))


def load(name: str) -> Format:
    """The module of a format.

    Raises:
        UserError: there is none of that name.
    """
    return cast(Format, zoo.load(PACKAGE, name))


def write_grammar(format: Format, prompt: Prompt) -> str:
    """Grammar of the answer to a prompt, in the Lark dialect of llguidance: the format's own, or the usual one."""
    own: Callable[[Prompt], str] | None = getattr(format, "write_grammar", None)
    return own(prompt) if own else _grammar.like(format.write_target(prompt, prompt.states[-1]))


def unmarked(text: str) -> str:
    """A text without the mark that some editors put in front of it (a byte order mark)."""
    return text.removeprefix("\ufeff")


def shorten(complaints: Sequence[str]) -> list[str]:
    """The first complaints, and how many there were beyond them."""
    if len(complaints) <= MOST_COMPLAINTS:
        return list(complaints)
    return [*complaints[:MOST_COMPLAINTS], f"and {len(complaints) - MOST_COMPLAINTS} more"]
