import importlib
import sys

import pytest

from gedanken import zoo
from gedanken.data.provenance import find_sources, versions
from gedanken.worlds.rigid import scenarios

DROP = """
\"\"\"A ball falls.\"\"\"
from gedanken.worlds.rigid import Body, Circle, Scene
from gedanken.worlds.rigid.scenarios.laboratory._heights import HEIGHT


def build(rng, level):
    return Scene([Body(Circle(9), x=100 + 50 * k, y=rng.uniform(100, HEIGHT)) for k in range(3)])
"""


@pytest.fixture
def laboratory(tmp_path, monkeypatch):
    """A category of scenarios beside those of the package."""
    folder = tmp_path / "laboratory"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.setattr(scenarios, "__path__", [*scenarios.__path__, str(tmp_path)])
    forget()
    yield folder
    monkeypatch.undo()
    forget()


def forget():
    for module in [name for name in sys.modules if name.startswith(f"{scenarios.PACKAGE}.laboratory")]:
        del sys.modules[module]
    importlib.invalidate_caches()
    zoo.names.cache_clear()
    versions.cache_clear()


def code(*names):
    forget()
    return versions(names)["code"]


def test_a_new_scenario_does_not_change_the_hash_of_a_plan_without_it(laboratory):
    before = code("billiards", "pendulum")
    (laboratory / "drop.py").write_text(DROP)
    (laboratory / "_heights.py").write_text("HEIGHT = 500\n")
    forget()
    assert "drop" in scenarios.names()
    assert code("billiards", "pendulum") == before


@pytest.mark.parametrize("changed", ["drop.py", "_heights.py"])
def test_a_change_of_a_named_scenario_or_of_what_it_imports_changes_the_hash(laboratory, changed):
    (laboratory / "drop.py").write_text(DROP)
    (laboratory / "_heights.py").write_text("HEIGHT = 500\n")
    before, other = code("drop"), code("billiards")
    assert code("drop") == before != other
    (laboratory / changed).write_text((laboratory / changed).read_text() + "\n# changed\n")
    assert code("drop") != before
    assert code("billiards") == other


def test_scenarios_of_a_plan_decide_its_hash():
    assert code("billiards") != code("pendulum") != code()


def test_the_sources_are_those_that_decide_a_byte():
    sources = find_sources(["billiards"])
    rigid = "gedanken.worlds.rigid"
    assert {
        "gedanken.data.schema",
        "gedanken.data.shards",
        "gedanken.seeding",
        f"{rigid}.engine.chipmunk",
        f"{rigid}.engine.stepping",
        f"{rigid}.scene.parts",
        f"{rigid}.scenarios",
        f"{rigid}.scenarios._surfaces",
        f"{rigid}.scenarios.collision._racks",
        f"{rigid}.scenarios.collision.billiards",
    } <= sources.keys()
    assert not [name for name in sources if ".text" in name or ".drawing" in name or "pendulum" in name]
    assert all(path.is_file() for path in sources.values())


def test_versions_name_libraries_and_sources():
    told = versions(("billiards",))
    assert told["pymunk"] == "7.3.1"
    assert len(told["code"]) == len(told["text"]) == 16
