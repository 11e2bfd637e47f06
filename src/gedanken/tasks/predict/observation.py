"""What a `predict` problem shows in public, and what its verifier keeps to itself."""

from dataclasses import dataclass

import numpy as np

from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import Prompt

CONTEXT = 10
"""Frames that are shown unless told otherwise."""


@dataclass(frozen=True, eq=False)
class Observation:
    """A scene and the frames so far, as far as the text tells them.

    Attributes:
        format: name of the text format.
        prompt: header and frames as data; exactly what reading the prompt's text gives.
    """

    format: str
    prompt: Prompt

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation that asks for the next frame."""
        return [{"role": "user", "content": self.write()}]

    def write(self) -> str:
        """The prompt as text."""
        return text.load(self.format).write_prompt(self.prompt)

    def grammar(self, written: str = "") -> str | None:
        """The form of the next frame as a Lark grammar; None once it is `written`."""
        return None if written else text.write_grammar(text.load(self.format), self.prompt)


@dataclass(frozen=True, eq=False)
class Truth:
    """What the verifier knows.

    Attributes:
        scene: the whole scene, also what a lossy format leaves out; None of a file whose format leaves it out.
        frames: the recorded frames that follow the context, shape (horizon, bodies, 6); fewer where a file ends.
        arms: radius of gyration of each body in px, 0 where it does not rotate, shape (bodies,). A turn by one radian
            counts as this many pixels.
        restarted: there was no recording: the frames are what the simulator makes of the text.
    """

    scene: Scene | None
    frames: Array
    arms: Array
    restarted: bool = False


def gyration(scene: Scene) -> Array:
    """Radius of gyration of each body, 0 where it does not rotate."""
    return np.array([np.sqrt(body.shape.moment(1.0)) if body.rotates else 0.0 for body in scene.bodies])
