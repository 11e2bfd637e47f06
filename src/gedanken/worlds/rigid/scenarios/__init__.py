"""The zoo of scenarios: `pose` makes the scene that a name, a level and an index stand for."""

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.worlds.rigid.scene.scene import LEVELS, Scene

PACKAGE = "gedanken.worlds.rigid.scenarios"

HELD_OUT: tuple[str, ...]
"""Scenarios that no training split contains, in alphabetical order: those whose file says `HELD_OUT = True`."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> tuple[str, ...]:
        """Compute `HELD_OUT` when it is asked for: it imports every scenario."""
        if name != "HELD_OUT":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return tuple(scenario for scenario in names() if held_out(scenario))


def names() -> list[str]:
    """Every scenario, in alphabetical order."""
    return list(zoo.names(PACKAGE))


def category(name: str) -> str:
    """The folder that a scenario lies in."""
    module = zoo.load(PACKAGE, name).__name__
    return module.rsplit(".", 2)[1]


def held_out(name: str) -> bool:
    """Whether no training split contains the scenario, which its file states; `name` as of `pose`.

    Raises:
        UserError: there is no such scenario.
    """
    return bool(getattr(_load(name), "HELD_OUT", False))


def pose(name: str, level: int = 1, *, split: str = "train", index: int = 0) -> Scene:
    """The scene that the key (name, level, split, index) names, checked.

    `name` may also be the path of a Python file with a `build` function of one's own.

    Raises:
        UserError: there is no such scenario or level, or the scenario builds a scene that cannot be posed.
    """
    if level not in LEVELS:
        raise UserError(f"levels are 1 to {max(LEVELS)}, not {level}")
    module = _load(name)
    if _is_file(name):
        path = Path(name)
        if not hasattr(module, "build"):
            raise UserError(f"{path} has no function build(rng, level)")
        name, folder = path.stem, path.resolve().parent.name
    else:
        folder = category(name)
    scene: Scene = module.build(stream("rigid", name, level, split, index), level)
    # The frozen scene is new and not shared yet. `replace` would check all of it once more.
    for attribute, value in (("name", name), ("category", folder), ("level", level)):
        object.__setattr__(scene, attribute, value)
    return scene.check()


def _is_file(name: str) -> bool:
    return Path(name).suffix == ".py"


def _load(name: str) -> ModuleType:
    return zoo.load_file(Path(name)) if _is_file(name) else zoo.load(PACKAGE, name)
