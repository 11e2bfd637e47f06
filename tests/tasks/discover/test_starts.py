"""Where a law is tried besides the record: starts that differ, and no more simulations than it takes."""

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.tasks.discover import judge
from gedanken.tasks.discover.answer import read_answer
from gedanken.tasks.discover.elsewhere import DRAWS, STARTS, draw_starts
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode import system
from gedanken.worlds.ode.law.law import Law

TASK = DiscoverTask()


def test_starts_are_the_nearest_to_zero_and_then_each_the_furthest_from_all_before():
    entry = system.load("duffing")
    params = {"alpha": 1.0, "beta": 1.0, "delta": 0.1}
    seen = np.array([2.0, 0.5])
    rng = stream("test", "starts")
    drawn = np.array([system.draw(entry, rng, params).initial for _ in range(DRAWS)])
    chosen = draw_starts(entry, stream("test", "starts"), params, [seen])
    starts = np.array([each.initial for each in chosen])
    assert len(starts) == len(np.unique(starts, axis=0)) == STARTS
    scaled = drawn / drawn.std(axis=0)
    before = [seen / drawn.std(axis=0)]
    nearest = drawn[np.linalg.norm(scaled, axis=1).argmin()]
    np.testing.assert_array_equal(starts[0], nearest)
    before.append(nearest / drawn.std(axis=0))
    for start in starts[1:]:
        gaps = [min(np.linalg.norm(each - other) for other in before) for each in scaled]
        np.testing.assert_array_equal(start, drawn[int(np.argmax(gaps))])
        before.append(start / drawn.std(axis=0))
    assert all(each.params == params for each in chosen)


def test_a_law_that_fails_a_place_altogether_is_tried_at_no_further_one(monkeypatch):
    problem = TASK.pose("spring_mass", split="test", noise=0.0)
    places = judge.judge_of(problem).places
    tried = []
    one_by_one = judge.score_tracks

    def counting(tracks, *law):
        for track, r2 in zip(tracks, one_by_one(tracks, *law), strict=True):
            tried.append(track)
            yield r2

    monkeypatch.setattr(judge, "score_tracks", counting)
    TASK.verify(problem, TASK.solve(problem))
    assert tried == [place.track for place in places]
    tried.clear()
    still = Law.of(read_answer('{"equation": "d2x/dt2 = 0", "params": {}}'), problem.observation.states)
    assert judge.judge_of(problem).try_elsewhere(still) == (0.0, places[0].name)
    assert tried == [places[0].track]


@pytest.mark.parametrize("subject", ["spring_mass", "lorenz", "van_der_pol"])
def test_a_place_is_simulated_coarsely_only_where_that_costs_the_truth_nothing(subject):
    problem = TASK.pose(subject, split="test", noise=0.0)
    law = Law.of(read_answer(TASK.solve(problem)), problem.observation.states)
    for place in judge.judge_of(problem).places:
        (reached,) = judge.score_tracks([place.track], law.source, law.params)
        assert reached == place.ceiling > judge.TRUSTED
        if place.track._packed[2] == judge.RTOL:
            assert reached > 1 - judge.LOSS
        else:
            assert place.track._packed[2] == judge.FINE
