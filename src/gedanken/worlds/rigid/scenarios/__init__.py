"""The zoo of scenarios: `pose` makes the scene that a name, a level and an index stand for."""

from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.worlds.rigid.scenarios._events import Event
from gedanken.worlds.rigid.scene.scene import LEVELS, Scene

PACKAGE = "gedanken.worlds.rigid.scenarios"

OWN = "own"
"""Category of the scenarios that are named by their file."""

HELD_OUT: tuple[str, ...]
"""Scenarios that no training split contains, in alphabetical order: those whose file says `HELD_OUT = True`."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> tuple[str, ...]:
        """Compute `HELD_OUT` when it is asked for: it imports every scenario."""
        if name != "HELD_OUT":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return tuple(scenario for scenario in names() if held_out(scenario))


def scenario_of(name: str) -> str:
    """The scenario's name in its scenes: that of its file."""
    stem = Path(name).stem if is_file(name) else name
    return "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in stem)


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


def event(name: str) -> Event | None:
    """What must happen in every recording of the scenario, which its file states; `name` as of `pose`."""
    found: Event | None = getattr(_load(name), "EVENT", None)
    return found


def pose(name: str, level: int = 1, *, split: str = "train", index: int = 0) -> Scene:
    """The scene that the key (name, level, split, index) names, checked.

    `name` may also be the path of a Python file with a `build` function of one's own; such a scene may have any number
    of bodies, whatever the level.

    Raises:
        UserError: there is no such scenario or level, or the scenario builds a scene that cannot be posed.
    """
    if level not in LEVELS:
        raise UserError(f"levels are 1 to {max(LEVELS)}, not {level}")
    name_or_path, module = name, _load(name)
    if is_file(name):
        path = Path(name)
        if not hasattr(module, "build"):
            raise UserError(f"{path} has no function build(rng, level)")
        # Not the folder's name: it would differ from machine to machine.
        name, folder = scenario_of(name), OWN
    else:
        folder = category(name)
    scene: Scene = module.build(stream("rigid", name, level, split, index), level)
    if not isinstance(scene, Scene):
        raise UserError(f"build of {name} gives a {type(scene).__name__}, not a Scene")
    # The frozen scene is new and not shared yet. `replace` would check all of it once more.
    for attribute, value in (("name", name), ("category", folder), ("level", level)):
        object.__setattr__(scene, attribute, value)
    return scene.check(counted=not is_file(name_or_path))


def is_file(name: str) -> bool:
    """Whether a scenario is named by the path of its file."""
    return Path(name).suffix == ".py"


def file_of(name: str) -> Path:
    """The file that holds a scenario; `name` as of `pose`.

    Raises:
        UserError: there is no such scenario.
    """
    return Path(str(_load(name).__file__))


def _load(name: str) -> ModuleType:
    if not is_file(name):
        return zoo.load(PACKAGE, name)
    path = Path(name)
    return _load_version(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=64)
def _load_version(path: Path, changed: int) -> ModuleType:
    """A file's module; a file that has changed since is read again."""
    return zoo.load_file(path)
