"""The player: detects the collisions of the coming step itself, and has a model of contacts say their impulses."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from gedanken.errors import PlayerError
from gedanken.loop import Question
from gedanken.models.collisions import decoder
from gedanken.models.collisions import vocabulary as v
from gedanken.models.impulses.player import book, load_weights, read_prompt, write_frame
from gedanken.models.llama.weights import Weights
from gedanken.worlds.rigid.engine.couplings import Physics, Rows, slack
from gedanken.worlds.rigid.engine.manifolds import NEAR, Manifold, Near, Shapes
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import Prompt, contacts, own_contacts
from gedanken.worlds.rigid.text._ledger import Ledger

GIVEN = (
    f"which bodies are near each other (bounding boxes within {NEAR:g} px), how far the second of a pair lies beyond "
    "sides of the first, where joints are, what each contact that the model says would get alone by the textbook's "
    "law, and after each answer what is left"
)
"""What is worked out for a model that detects its collisions."""


class CollisionPlayer:
    """Two models: one says of each pair that is near whether and where it touches, one the impulses of these contacts.

    Nothing of the true contacts is looked at. A question may be in any format that tells the scene, but for `contacts`,
    which lists the contacts.
    """

    given = GIVEN

    def __init__(self, folder: Path, impulses: Path, name: str):
        """The model of collisions in `folder` and the model of impulses in `impulses`, together called `name`.

        Raises:
            UserError: there is no model, or one of another kind.
        """
        self.name = name
        self._collisions, self._impulses = _load(folder), load_weights(impulses)

    def __repr__(self) -> str:
        return f"CollisionPlayer({self.name!r})"

    def answer(self, question: Question) -> str:
        """The next frame.

        Raises:
            PlayerError: the question is no text of a scene, or its format lists the contacts, or tells no scene.
        """
        layout, prompt = read_prompt(question, self.name)
        if layout == "contacts":
            raise PlayerError(
                f"the format contacts lists what touches, which {self.name} finds itself: ask own_contacts"
            )
        scene: Scene = prompt.header.scene
        same = Prompt(contacts.Header.of(scene, prompt.header.labels), prompt.states, prompt.first)
        with Ledger(scene, same.header.labels, Narrow(self._collisions, scene)) as ledger:
            steps = book(self._impulses, ledger, same)
            state, physics = ledger.state, ledger.physics
        if layout == "own_contacts":
            told = [own_contacts.tell(found, impulses, physics) for found, impulses in steps]
            return own_contacts.write_answer(same.next, told)
        return write_frame(layout, prompt, state)


class Narrow:
    """A model's narrow phase in the place of the engine's."""

    def __init__(self, weights: Weights, scene: Scene):
        """What a model says of a scene's pairs."""
        self._weights, self._shapes, self.physics = weights, Shapes(scene), Physics.of(scene)

    def meet(self, state: Array) -> tuple[Array, Rows]:
        """The state after the next step without impulses, and the rows of what acts in it, as the model says."""
        flown, joints = self.physics.fly(state)
        manifolds = detect(self._weights, self._shapes.look(flown))
        touching = self._shapes.write([found for found in manifolds if found is not None], state, flown, self.physics)
        return flown, np.concatenate([touching, joints[~slack(joints)]])

    def __exit__(self, *exception: object) -> None:
        return None


def detect(weights: Weights, nears: Sequence[Near]) -> list[Manifold | None]:
    """Where the shapes of each pair touch, if they do."""
    answers = decoder.answer(weights, [v.encode(near) for near in nears])
    return [v.decode_answer(near, answer) for near, answer in zip(nears, answers, strict=True)]


@lru_cache(maxsize=4)
def _load(folder: Path) -> Weights:
    return decoder.load(folder)
