"""The zoo of scenarios: `pose` makes the scene that a name, a level and an index stand for."""

from pathlib import Path

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.worlds.rigid.scene.scene import LEVELS, Scene

PACKAGE = "gedanken.worlds.rigid.scenarios"

HELD_OUT = ("angry_birds", "bowling", "hourglass", "newtons_cradle", "pong", "ramp_roll")
"""Scenarios that no training split contains."""


def names() -> list[str]:
    """Every scenario, in alphabetical order."""
    return list(zoo.names(PACKAGE))


def category(name: str) -> str:
    """The folder that a scenario lies in."""
    module = zoo.load(PACKAGE, name).__name__
    return module.rsplit(".", 2)[1]


def pose(name: str, level: int = 1, *, split: str = "train", index: int = 0) -> Scene:
    """The scene that the key (name, level, split, index) names, checked.

    `name` may also be the path of a Python file with a `build` function of one's own.

    Raises:
        UserError: there is no such scenario or level, or the scenario builds a scene that cannot be posed.
    """
    if level not in LEVELS:
        raise UserError(f"levels are 1 to {max(LEVELS)}, not {level}")
    path = Path(name)
    if path.suffix == ".py":
        module, name, folder = zoo.load_file(path), path.stem, path.resolve().parent.name
        if not hasattr(module, "build"):
            raise UserError(f"{path} has no function build(rng, level)")
    else:
        module, folder = zoo.load(PACKAGE, name), category(name)
    scene: Scene = module.build(stream("rigid", name, level, split, index), level)
    # The scene was made a moment ago and nobody else has it. `replace` would check all of it once more.
    for attribute, value in (("name", name), ("category", folder), ("level", level)):
        object.__setattr__(scene, attribute, value)
    return scene.check()
