"""Every system keeps every promise, and a new system is one file that is found by itself."""

import shutil
from pathlib import Path

import pytest

from gedanken import zoo
from gedanken.tasks.discover import promises
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode import system, systems

SPRING = '''"""A spring that stiffens."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -a*x - b*x**5",
    states=StateSpace.second_order(x="vx"),
    params={"a": Uniform(0.5, 2.0), "b": Uniform(0.1, 1.0)},
    initial={"x": Uniform(0.5, 1.5), "vx": Uniform(-1.0, 1.0)},
    hint="A block on a stiff spring is released {x:.1f} m away from its rest.",
    names_hint="x is a displacement and vx is its rate of change.",
    source="written for this test; no textbook has it",
    category="mechanics",
    tier=2,
    conserved={"energy": "vx**2/2 + a*x**2/2 + b*x**6/6"},
)
'''


@pytest.mark.parametrize("name", system.names())
def test_a_system_keeps_its_promises(name):
    broken = {promise: fault for promise, fault in promises.examine(DiscoverTask(), name, system.load(name)) if fault}
    assert not broken


@pytest.fixture
def new_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put one file beside the systems, as `system.names` sees them."""

    def add(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.setattr(systems, "__path__", [*systems.__path__, str(tmp_path)])
        zoo.names.cache_clear()

    yield add
    monkeypatch.undo()
    zoo.names.cache_clear()
    shutil.rmtree(tmp_path)


def test_a_new_system_is_one_file(new_entry):
    new_entry("quintic_spring", SPRING)
    assert "quintic_spring" in system.names()
    assert not [
        fault for _, fault in promises.examine(DiscoverTask(), "quintic_spring", system.load("quintic_spring")) if fault
    ]
    problem = DiscoverTask().pose("quintic_spring", index=1)
    assert DiscoverTask().verify(problem, DiscoverTask().solve(problem)).solved


@pytest.mark.parametrize(
    "change, promise",
    [
        (("a*x**2/2", "a*x**2"), "what_is_declared_conserved_is_conserved"),
        (("b*x**5", "b*x^5"), "the_law_is_in_the_grammar"),
        (("released {x:.1f} m", "released; -a*x - b*x**5 holds, {x:.1f} m"), "the_prompt_keeps_the_secret"),
        (('"written for this test; no textbook has it"', '""'), "the_source_is_named"),
        (("Uniform(-1.0, 1.0)", "0.0"), None),
    ],
)
def test_a_broken_promise_is_found(new_entry, change, promise):
    old, new = change
    assert old in SPRING
    name = f"spring_whose_{promise}"  # a module of its own, since Python remembers modules by name
    new_entry(name, SPRING.replace(old, new))
    broken = {title for title, fault in promises.examine(DiscoverTask(), name, system.load(name)) if fault}
    assert (promise in broken) if promise else not broken
