import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.worlds.ode import lsr
from gedanken.worlds.ode.law.parser import parse


def test_the_laws_are_every_second_one_of_three_groups():
    entries = lsr.load()
    groups = [entry.group for entry in entries]
    assert {name: groups.count(name) for name in groups} == {"bio_pop_growth": 12, "chem_react": 18, "phys_osc": 22}
    assert len({entry.name for entry in entries}) == 52


def test_every_law_has_two_solutions_that_move():
    for entry in lsr.load():
        parse(entry.equation, entry.states)
        assert not np.array_equal(*entry.starts)
        for start in (0, 1):
            clean = entry.trajectory(start)
            assert clean.values.shape == (150, entry.states.size)
            assert clean.t[[0, -1]].tolist() == [0.0, entry.duration]
            assert (clean.values[0] == entry.starts[start]).all()
            assert np.abs(clean.values).max() < 1e3
            assert (np.ptp(clean.values, 0) > 0.02 * np.abs(clean.values).max(0)).all(), entry.name


def test_an_unknown_name_is_the_users_fault():
    with pytest.raises(UserError, match="lsr_bpg0 to lsr_po42"):
        lsr.find("lsr_bpg1")
