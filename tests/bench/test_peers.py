import numpy as np
import pytest

from gedanken import zoo
from gedanken.bench import discover
from gedanken.bench.discover import suite as suites
from gedanken.bench.discover.suite import Item, Options
from gedanken.bench.peers import _records
from gedanken.loop import Player, Question
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

PEERS = zoo.names(discover.PEERS)


def load(name: str) -> Player:
    return zoo.load(discover.PEERS, name).load()


def measure(name: str, suite: str, subject: str, index: int = 0, **options):
    chosen, item = suites.load(suite), Item(subject, index)
    return discover.measure(chosen, item, suites.pose(chosen, item, Options(**options)), load(name))


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_answers_every_kind_of_record(name):
    peer = load(name)
    assert isinstance(peer, Player)
    task = DiscoverTask()
    for conditions in (
        {"subject": "damped_spring"},
        {"subject": "damped_spring", "positions_only": True},
        {"subject": "lotka_volterra", "uneven": True, "gaps": 1, "outliers": 0.02},
        {"subject": "projectile_drag", "trials": 2},
        {"subject": "logistic", "samples": 8},
    ):
        problem = task.pose(**conditions, split="test", noise=0.05)
        if hasattr(peer, "peek"):
            peer.peek(problem)
        verdict = task.verify(problem, peer.answer(Question(task.ask(problem), problem.observation)))
        assert verdict.details["equation"]


@pytest.mark.parametrize("subject", ["damped_spring", "charged_b_field", "free_fall"])
def test_the_linear_law_reproduces_linear_systems(subject):
    assert measure("linear", "seed8", subject, noise=0.0).r2 > 0.99


def test_the_linear_law_does_not_explain_a_pendulum():
    assert not any(measure("linear", "seed8", "simple_pendulum", index).form for index in range(3))


def test_the_oracle_is_the_upper_end():
    for subject in suites.load("seed8").subjects:
        row = measure("oracle", "seed8", subject, noise=0.05)
        assert row.form
        assert row.r2 > 0.99


def test_pysindy_finds_what_its_library_holds():
    row = measure("pysindy", "odebench", "odebench_37", noise=0.0)
    assert row.form, row.equation
    assert row.r2 > 0.999
    row = measure("pysindy", "seed8", "spring_mass", noise=0.01)
    assert row.solved


def test_hidden_columns_are_filled_in():
    t = np.linspace(0, 1, 21)
    values = np.column_stack([t**2, np.full(21, np.nan)])
    values[5, 0] = np.nan
    ((_, filled),) = _records.complete(StateSpace.second_order(x="vx"), [Trajectory(t, values)])
    assert filled[:, 1] == pytest.approx(2 * t, abs=0.06)
    assert filled[5, 0] == pytest.approx((t[4] ** 2 + t[6] ** 2) / 2)


def test_laws_are_written_in_the_grammar():
    states = StateSpace.first_order("x", "y")
    written = _records.write_law(states, [[(-1.5, "1"), (2.0, "x*y")], []])
    assert written == "dx/dt = -1.5 + 2*x*y; dy/dt = 0"
    assert parse(written, states)
    assert _records.write_law(states, [[(-1e-7, "x"), (-3.0, "y**2")], [(4.0, "1")]]) == (
        "dx/dt = -1e-07*x - 3*y**2; dy/dt = 4"
    )
