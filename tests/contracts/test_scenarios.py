"""Every scenario keeps every promise on every level, and a thousand scenes are a thousand different ones."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gedanken import zoo
from gedanken.tasks.predict import promises
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.scene.scene import LEVELS

NAMES = scenarios.names()
CELLS = [(name, level) for name in NAMES for level in LEVELS]


def test_zoo_holds_the_published_scenarios_and_ten_more():
    folders = {scenarios.category(name) for name in NAMES}
    assert folders == {"collision", "stacking", "ramp", "constraint", "minigame", "complex"}
    assert len(NAMES) >= 44
    assert set(scenarios.HELD_OUT) <= set(NAMES)


@pytest.mark.parametrize("promise", promises.PROMISES.entries)
@pytest.mark.parametrize("name, level", CELLS)
def test_a_scenario_keeps_its_promise(promise: str, name: str, level: int):
    assert promises.PROMISES.entries[promise](name, level) is None


def test_energy_and_momentum_are_declared_somewhere():
    declared = {quantity for name in NAMES for quantity in promises.recording(name, 2).scene.conserved}
    assert {"energy", "momentum_x", "momentum_y"} <= declared


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_thousand_scenes_are_legal_and_distinct(name: str):
    assert len({scenarios.pose(name, 1, split="train", index=index) for index in range(1000)}) == 1000
    for level in (2, 3, 4, 5):
        assert len({scenarios.pose(name, level, split="train", index=index) for index in range(60)}) == 60


DIGEST = """
import hashlib
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import record
whole = hashlib.sha256()
for name in scenarios.names():
    run = record(scenarios.pose(name, 2, split="contracts"))
    whole.update(repr(run.scene).encode() + run.states.tobytes())
print(whole.hexdigest())
"""


def test_scenes_and_recordings_are_the_same_in_every_process():
    whole = hashlib.sha256()
    for name in NAMES:
        run = promises.recording(name, 2)
        whole.update(repr(run.scene).encode() + run.states.tobytes())
    for seed in ("0", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == whole.hexdigest()


GAS = Path(zoo.load(scenarios.PACKAGE, "elastic_collision").__file__ or "").read_text()


@pytest.fixture
def new_category(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder beside the categories, as `scenarios.names` sees them."""
    folder = tmp_path / "laboratory"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.setattr(scenarios, "__path__", [*scenarios.__path__, str(tmp_path)])
    zoo.names.cache_clear()
    yield folder
    monkeypatch.undo()
    zoo.names.cache_clear()


def test_a_new_scenario_is_one_file(new_category: Path):
    (new_category / "gas_in_a_jar.py").write_text(GAS)
    assert scenarios.category("gas_in_a_jar") == "laboratory"
    assert [fault for _, fault in promises.examine("gas_in_a_jar") if fault] == []


def test_a_broken_scenario_is_found(tmp_path: Path):
    still = tmp_path / "still_life.py"
    still.write_text(
        "from gedanken.worlds.rigid.scene.parts import Body\n"
        "from gedanken.worlds.rigid.scene.placing import walls\n"
        "from gedanken.worlds.rigid.scene.scene import Scene\n"
        "from gedanken.worlds.rigid.scene.shapes import Circle\n"
        "def build(rng, level):\n"
        "    bodies = tuple(Body(Circle(10), x=100 + 40 * k, y=300) for k in range(3))\n"
        "    return Scene(bodies=bodies, statics=walls(), gravity=(0, 0), description='Nothing happens.')\n"
    )
    broken = {title: fault for title, fault in promises.examine(str(still)) if fault}
    assert broken["bodies_move_stay_and_do_not_tunnel"] == "level 1: nothing moves"
    assert "the_start_is_legal" not in broken  # three bodies are legal on every level of a file of one's own
    assert "only 0 numbers vary" in broken["at_least_five_numbers_vary_independently"]
