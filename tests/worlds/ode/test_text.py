import re

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.worlds.ode import corrupt, text
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

STATES = StateSpace.second_order(y="vy")
T = np.linspace(0.0, 10.0, 101)
FALL = Trajectory(T, np.column_stack([50.0 - 4.9 * T**2, -9.8 * T]))


def rows(table):
    return [line.split() for line in table.splitlines()[2:]]


def test_the_table_shows_both_ends_and_keeps_to_its_budget():
    cells = rows(text.write_table(STATES, FALL, 20))
    assert len(cells) == 20
    assert [float(cells[0][0]), float(cells[-1][0])] == [0.0, 10.0]
    assert float(cells[0][1]) == 50.0


def test_printed_readings_agree_with_the_data_to_a_hundredth_of_the_spread():
    for trajectory in (FALL, corrupt.add_noise(FALL, 0.05, stream("test"))):
        for cell in rows(text.write_table(STATES, trajectory, 30)):
            t, *values = map(float, cell)
            row = np.argmin(np.abs(trajectory.t - t))
            assert abs(trajectory.t[row] - t) < 1e-3
            assert (np.abs(trajectory.values[row] - values) <= 0.01 * trajectory.values.std(0)).all()


def test_a_small_budget_is_kept():
    assert len(rows(text.write_prompt(STATES, [FALL], row_budget=4).split("\n\n")[0])) == 4


def test_noise_is_not_printed_to_the_last_digit():
    clean = text.write_table(STATES, FALL, 10)
    noisy = text.write_table(STATES, corrupt.add_noise(FALL, 0.10, stream("test")), 10)
    assert len(noisy) < len(clean)


def test_small_and_large_units_keep_their_digits():
    for scale in (1e-12, 1e-3, 1e9):
        tiny = Trajectory(T, FALL.values * scale)
        values = np.array(rows(text.write_table(STATES, tiny, 101)), float)[:, 1]
        assert np.abs(values - tiny.values[:, 0]).max() < 0.01 * tiny.values[:, 0].std()


def test_what_was_not_measured_is_said_once_and_gaps_show():
    table = text.write_table(STATES, corrupt.hide_velocities(FALL, STATES), 10)
    assert "vy not measured" in table
    assert {len(row) for row in rows(table)} == {2}
    values = FALL.values.copy()
    values[50, 1] = np.nan
    assert [row[2] for row in rows(text.write_table(STATES, Trajectory(T, values), 101))].count("-") == 1
    gap = text.write_table(STATES, corrupt.cut_gap(FALL, 0.3, stream("test")), 20)
    assert np.diff(np.array(rows(gap), float)[:, 0]).max() > 2.9


def test_trials_share_the_budget_and_are_named():
    trials = [Trajectory(T, FALL.values + k, f"trial {k + 1}") for k in range(4)]
    prompt = text.write_prompt(STATES, trials, "A hint.", row_budget=40)
    assert prompt.startswith("HINT: A hint.\n")
    assert [f"TRAJECTORY trial {k} (10 of 101 samples):" in prompt for k in (1, 2, 3, 4)] == [True] * 4


def test_many_trials_are_cut_and_counted():
    trials = [Trajectory(T, FALL.values + k, f"trial {k + 1}") for k in range(100)]
    prompt = text.write_prompt(STATES, trials, row_budget=40)
    assert prompt.count("TRAJECTORY") == 5
    assert "95 more trials are not shown, but count." in prompt
    assert "max 149.0" in prompt, "statistics are over all trials"


def test_statistics_are_those_of_the_readings():
    line = text.write_statistics(STATES, [FALL]).splitlines()[2]
    assert line == "vy: mean -49.000, std 28.572, min -98.000, max 0.000, slope -9.80 to -9.80"


def test_statistics_say_how_fast_a_column_swings_and_dies_away():
    swing = np.column_stack([np.exp(-0.2 * T) * np.cos(4.0 * T), T])
    lines = text.write_statistics(STATES, [Trajectory(T, swing)]).splitlines()
    found = re.search(r", angular frequency (\S+), decay (\S+)$", lines[1])
    assert [float(each) for each in found.groups()] == pytest.approx([4.0, 0.2], abs=0.05)
    assert "angular" not in lines[2]


def test_a_constant_column_can_be_written():
    still = Trajectory(T, np.column_stack([np.full(101, 3.0), np.zeros(101)]))
    prompt = text.write_prompt(STATES, [still])
    assert "y: mean 3.0000, std 0.0000" in prompt


def test_the_answer_form_names_this_problems_derivatives():
    prompt = text.write_prompt(STATES, [FALL])
    assert '"equation": "d2y/dt2 = ..."' in prompt
    assert "state variables y vy (vy is dy/dt), time t" in prompt
    assert "HINT" not in prompt
