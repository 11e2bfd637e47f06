"""How a system is observed: defaults, presets, limits, and what each condition does to the record."""

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.tasks.discover.task import DiscoverTask

TASK = DiscoverTask()


def test_the_defaults_are_one_noisy_complete_trial_under_its_full_hint():
    named = TASK.pose(
        "spring_mass", split="train", index=0, noise=0.05, samples=None, uneven=False, gaps=0, outliers=0.0,
        positions_only=False, trials=1, hint="full", rows=None,
    )  # fmt: skip
    assert TASK.pose("spring_mass").prompt == named.prompt


@pytest.mark.parametrize(
    "level, conditions",
    [
        (1, {"noise": 0.0}),
        (2, {"noise": 0.01}),
        (3, {"noise": 0.05}),
        (4, {"noise": 0.10, "uneven": True}),
        (5, {"noise": 0.10, "uneven": True, "gaps": 1, "outliers": 0.02}),
    ],
)
def test_a_level_is_a_preset_of_conditions(level, conditions):
    for more in ({}, {"trials": 2}):
        preset, spelled = TASK.pose("spring_mass", level=level, **more), TASK.pose("spring_mass", **conditions, **more)
        assert preset.prompt == spelled.prompt
        for one, other in zip(preset.truth.scored, spelled.truth.scored, strict=True):
            assert np.array_equal(one.values, other.values, equal_nan=True)


@pytest.mark.parametrize(
    "name, low, high, step",
    [
        ("noise", 0.0, 1.0, 0.001),
        ("samples", 8, 1000, 1),
        ("gaps", 0, 5, 1),
        ("outliers", 0.0, 0.2, 0.001),
        ("trials", 1, 16, 1),
        ("rows", 4, 200, 1),
    ],
)
def test_both_ends_of_a_condition_can_be_posed_and_nothing_beyond(name, low, high, step):
    for value in (low, high):
        TASK.pose("spring_mass", **{name: value})
    for value in (low - step, high + step):
        with pytest.raises(UserError, match=rf"{name} must lie between {low} and {high}, not {value}"):
            TASK.pose("spring_mass", **{name: value})


@pytest.mark.parametrize("name", ["noise", "outliers"])
def test_a_share_may_be_a_whole_number(name):
    assert TASK.pose("spring_mass", **{name: 0}).prompt == TASK.pose("spring_mass", **{name: 0.0}).prompt


@pytest.mark.parametrize("name", ["gaps", "trials"])
def test_only_samples_and_rows_may_be_left_open(name):
    with pytest.raises(UserError, match=f"{name} must be a whole number, not None"):
        TASK.pose("spring_mass", **{name: None})


def test_level_zero_is_none():
    with pytest.raises(UserError, match="level is 1 to 5, not 0"):
        TASK.pose("spring_mass", level=0)


def test_a_held_out_system_is_posed_in_the_other_splits():
    for split in ("val", "test"):
        TASK.pose("projectile_drag", split=split)


def test_a_gap_takes_a_tenth_of_the_record():
    whole, one, three = (TASK.pose("spring_mass", gaps=gaps).observation.trajectories[0].t for gaps in (0, 1, 3))
    assert len(whole) - len(one) in (9, 10)
    assert 0.1 * whole[-1] < np.diff(one).max() < 0.1 * whole[-1] + 2 * whole[1]
    assert len(three) < len(one)
    assert set(one) < set(whole)


def test_the_number_of_samples_is_chosen_and_spans_the_same_record():
    few, own = (TASK.pose("spring_mass", samples=samples).observation.trajectories[0].t for samples in (20, None))
    assert (len(few), len(own)) == (20, 100)
    assert few[0] == own[0] == 0.0
    assert few[-1] == own[-1]


def test_samples_are_even_in_time_unless_uneven_is_asked_for():
    even, uneven = (TASK.pose("spring_mass", uneven=uneven).observation.trajectories[0].t for uneven in (False, True))
    assert np.ptp(np.diff(even)) < 1e-9
    assert np.ptp(np.diff(uneven)) > 0.5 * even[1]
    assert (len(uneven), uneven[0], uneven[-1]) == (len(even), even[0], even[-1])


def test_an_outlier_share_is_of_the_readings():
    problem = TASK.pose("spring_mass", outliers=0.2, samples=1000)
    assert np.isnan(problem.truth.scored[0].values).mean() == pytest.approx(0.2, abs=0.03)
    assert not np.isnan(TASK.pose("spring_mass").truth.scored[0].values).any()


def test_trials_are_numbered_where_there_are_several():
    prompt = TASK.pose("spring_mass", trials=3).prompt
    assert [f"trial {number}" in prompt for number in (0, 1, 2, 3, 4)] == [False, True, True, True, False]
    pair = TASK.pose("spring_mass", trials=2).prompt
    assert "trial 1" in pair
    assert "trial 2" in pair
    assert "trial" not in TASK.pose("spring_mass").prompt


def test_a_problem_names_its_task_and_its_subject():
    problem = TASK.pose("spring_mass")
    assert (problem.task, problem.subject) == ("discover", "spring_mass")


def test_a_hint_of_names_says_only_what_the_variables_are():
    full, names = (TASK.pose("spring_mass", hint=hint) for hint in ("full", "names"))
    assert "frictionless" in full.prompt
    assert "frictionless" not in names.prompt
    assert "x is a position" in names.prompt


def test_the_prompt_shows_as_many_rows_as_are_asked_for():
    def rows(**conditions):
        lines = TASK.pose("spring_mass", **conditions).prompt.splitlines()
        return sum(line.count(",") + line.count(" ") > 0 and line.strip()[:1].isdigit() for line in lines)

    assert rows(rows=4) == 4
    assert rows(rows=20) == 20
    assert rows() == 48


def test_each_trial_has_noise_of_its_own():
    # One start, one law: what differs between the trials' residuals is the noise.
    problem = TASK.pose("spring_mass", trials=2, noise=0.1)
    truth = problem.truth
    residuals = [seen.values - clean.values for seen, clean in zip(truth.scored, truth.clean, strict=True)]
    assert abs(np.corrcoef(residuals[0][:, 0], residuals[1][:, 0])[0, 1]) < 0.5
