import numpy as np
import orjson
import pytest

from gedanken.tasks.discover.judge import judge_of, measure_closeness
from gedanken.tasks.discover.rewards import TABLE
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.simulate import Track, score
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

TASK = DiscoverTask(mode="training")


def closeness(problem, equation, **params):
    verdict = TASK.verify(problem, orjson.dumps({"equation": equation, "params": params}).decode())
    assert not verdict.error
    return verdict.terms["match"], verdict.terms["closeness"]


def test_of_laws_with_no_match_the_nearer_one_earns_more():
    problem = TASK.pose("newton_cooling", split="train", index=3, noise=0.02)
    column = problem.observation.states.columns[0]
    found = [closeness(problem, f"d{column}/dt = c", c=rate) for rate in (400.0, 40.0, 10.0)]
    assert [match for match, _ in found] == [0.0, 0.0, 0.0]
    assert 0.0 < found[0][1] < found[1][1] < found[2][1] < 1.0


def test_a_law_with_some_match_and_the_true_one_earn_it_in_full():
    problem = TASK.pose("newton_cooling", split="train", index=3, noise=0.02)
    truth = TASK.verify(problem, TASK.solve(problem))
    assert truth.terms["closeness"] == 1.0
    assert truth.reward == pytest.approx(sum(TABLE.weights("training").values()))


def test_misfit_is_measured_against_the_deviations_from_the_mean():
    states = StateSpace.first_order("x")
    seen = Trajectory(np.arange(3.0), np.arange(3.0)[:, None])  # deviations from the mean: 2
    track = Track(states, seen, [0.0])
    # At rest the error is 0 + 1 + 4 = 5, so the misfit is 2.5.
    assert measure_closeness([track], [score(track, "dx/dt = 0", {})]) == pytest.approx(2 / 3.5)
    assert measure_closeness([track], [score(track, "dx/dt = 1", {})]) == 1.0
    far = score(track, "dx/dt = c", {"c": 1e200})
    assert measure_closeness([track], [far]) == 0.0


def test_a_true_law_whose_column_is_noise_is_still_the_closest():
    for index in range(8):
        problem = TASK.pose("free_fall_drag", split="test", index=index, noise=1.0)
        assert 0.0 < judge_of(problem).closest <= 1.0
        assert TASK.verify(problem, TASK.solve(problem)).terms["closeness"] == 1.0
