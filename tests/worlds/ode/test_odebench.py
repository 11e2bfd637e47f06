import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.worlds.ode import odebench
from gedanken.worlds.ode.law.parser import parse


def test_the_benchmark_is_complete():
    entries = odebench.load()
    assert [entry.id for entry in entries] == list(range(1, 64))
    assert np.bincount([entry.states.size for entry in entries]).tolist() == [0, 23, 28, 10, 2]
    assert all(entry.description and entry.source and entry.variables for entry in entries)


def test_every_law_parses_and_uses_each_constant():
    for entry in odebench.load():
        equations = parse(entry.equation, entry.states, entry.params)
        assert set(entry.params) <= equations.names


def test_the_two_starts_differ():
    for entry in odebench.load():
        first, second = entry.starts
        assert first.shape == second.shape == (entry.states.size,)
        assert not np.array_equal(first, second)


def test_every_solution_exists_over_the_whole_span():
    for entry in odebench.load():
        for start in (0, 1):
            clean = entry.trajectory(start)
            assert clean.values.shape == (512, entry.states.size)
            assert np.isfinite(clean.values).all()
            assert clean.t[[0, -1]].tolist() == [0.0, 10.0]
            assert (clean.values[0] == entry.starts[start]).all()


def test_known_solutions():
    growth = odebench.find("odebench_02").trajectory(0)
    assert growth.values[:, 0] == pytest.approx(4.78 * np.exp(0.23 * growth.t), rel=1e-6)
    oscillator = odebench.find("odebench_24").trajectory(1)
    assert oscillator.values[:, 0] == pytest.approx(0.2 / np.sqrt(2.1) * np.sin(np.sqrt(2.1) * oscillator.t), abs=1e-6)
    epidemic = odebench.find("odebench_63").trajectory(0)
    assert epidemic.values.sum(1) == pytest.approx(np.ones(512), abs=1e-6)


def test_an_unknown_id_is_the_users_fault():
    with pytest.raises(UserError, match="odebench_01 to odebench_63"):
        odebench.find("odebench_64")
