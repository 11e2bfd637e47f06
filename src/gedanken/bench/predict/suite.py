"""The suites of `predict`, and the scenes that they list."""

from collections.abc import Sequence
from dataclasses import dataclass

from gedanken.bench.suite import choose, read
from gedanken.errors import UserError
from gedanken.worlds.rigid.engine.simulate import FRAMES


@dataclass(frozen=True)
class Suite:
    """What a suite's file says.

    Attributes:
        name: its name.
        version: raised whenever a problem or a rule changes; numbers of different versions are not compared.
        about: one sentence.
        scenarios: which scenarios, by name.
        levels: levels of each scenario.
        scenes: scenes of each scenario and level, from the test split.
        horizons: frames ahead at which errors are measured. Longer ones follow one rollout from the start of the
            recording; 1 is measured with true context at `steps` frames along it.
        context: frames shown.
        steps: how many one-step predictions a scene.
        exact: simulate without memory.
    """

    name: str
    version: int
    about: str
    scenarios: tuple[str, ...]
    levels: tuple[int, ...]
    scenes: int
    horizons: tuple[int, ...]
    context: int
    steps: int = 12
    exact: bool = False


@dataclass(frozen=True)
class Item:
    """One scene of a suite."""

    scenario: str
    level: int
    index: int


def load(name: str) -> Suite:
    """A suite of the package by name, or one's own by the path of its TOML file.

    Raises:
        UserError: there is none, or its file cannot be used.
    """
    suite = read("predict", name, Suite)
    if max(suite.horizons) + suite.context > FRAMES + 1:
        raise UserError(f"the suite {name} looks further ahead than the {FRAMES} frames of a recording")
    return suite


def list_items(suite: Suite, scenes: int | None = None, scenarios: Sequence[str] | None = None) -> list[Item]:
    """The scenes of a run, in order.

    Args:
        suite: whose scenes.
        scenes: scenes of each scenario and level, instead of the suite's own number.
        scenarios: only these.

    Raises:
        UserError: a scenario that is not in the suite.
    """
    return [
        Item(scenario, level, index)
        for scenario in choose(suite.name, suite.scenarios, scenarios)
        for level in suite.levels
        for index in range(suite.scenes if scenes is None else scenes)
    ]
