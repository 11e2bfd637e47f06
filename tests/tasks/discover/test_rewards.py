import math

import pytest

from gedanken.errors import UserError
from gedanken.tasks.discover.rewards import TABLE, Evidence
from gedanken.tasks.discover.task import DiscoverTask


def found(shown=1.0, elsewhere=1.0, finite=True, operators=4, least=4, previous=0.0, closeness=1.0):
    return TABLE.compute(Evidence(shown, elsewhere, finite, operators, least, previous, closeness))


def test_weights_of_an_episode_and_of_training():
    assert TABLE.weights() == {"match": 0.5, "progress": 0.2, "simplicity": 0.2, "format": 0.1}
    trained = {"match", "match_dense", "closeness", "correctness", "simplicity", "finite"}
    assert set(TABLE.weights("training")) == trained


def test_the_true_law_earns_everything_on_the_first_turn():
    terms = found()
    assert sum(weight * terms[name] for name, weight in TABLE.weights().items()) == pytest.approx(1.0)
    assert all(terms[name] == 1.0 for name in TABLE.weights("training"))


def test_what_fails_elsewhere_loses_up_to_all_of_its_match():
    assert found(0.3, 0.9)["match"] == 0.3
    assert found(0.9, 0.65)["match"] == found(0.9, 0.0)["match"] == 0.0
    assert found(1.0, 0.79)["match"] == pytest.approx(0.93 / 2)
    assert found(1.0, 0.93)["match"] == pytest.approx(0.93)
    assert found(1.0, 0.95)["match"] == 0.95


def test_training_tells_bad_from_worse_where_the_match_is_zero():
    assert found(0.9, 0.25)["match_dense"] == pytest.approx(0.5)
    assert found(0.49, 1.0)["match_dense"] == pytest.approx(0.7)
    assert found(0.70)["correctness"] == 1.0
    assert found(0.69)["correctness"] == 0.0


def test_simplicity_is_paid_to_laws_that_hold_elsewhere_and_to_none_for_being_simpler_than_the_truth():
    assert found(0.93)["simplicity"] == 0.0
    assert found(1.0, 0.93)["simplicity"] == 0.0
    assert found(1.0, 0.94)["simplicity"] == 1.0
    assert found(operators=0)["simplicity"] == found(operators=4)["simplicity"] == 1.0
    assert found(operators=7)["simplicity"] == pytest.approx(1 - 3 / 12)
    assert found(operators=40)["simplicity"] == 0.0
    assert found(operators=3, least=0)["simplicity"] == pytest.approx(1 - 3 / 12)


def test_progress_is_a_gain_over_the_best_turn_before():
    assert found(0.6, 0.9, previous=0.5)["progress"] == pytest.approx(0.1)
    assert found(0.4, previous=0.6)["progress"] == 0.0
    assert found(0.4)["progress"] == 0.4


def test_what_cannot_be_simulated_earns_nothing():
    assert found(0.0, 0.0, finite=False, closeness=0.0) == {
        "match": 0, "progress": 0, "simplicity": 0, "format": 0, "finite": 0, "match_dense": 0,
        "closeness": 0, "correctness": 0,
    }  # fmt: skip


def test_form_is_paid_in_proportion_in_an_episode_and_in_full_in_training():
    assert found(1.0, 0.0)["format"] == 0.0
    assert found(0.35, 0.9)["format"] == pytest.approx(0.5)
    assert found(0.70)["format"] == found(0.80)["format"] == 1.0
    assert found(0.9, finite=False)["format"] == 0.0
    assert found(1.0, 0.0)["finite"] == 1.0


def test_nothing_outranks_the_true_law_whatever_it_matches():
    truth = found()
    for shown in (0.0, 0.5, 0.94, 1.0):
        for elsewhere in (0.0, 0.5, 0.94, 1.0):
            for operators in (0, 3, 4, 12, 60):
                terms = found(shown, elsewhere, operators=operators)
                assert all(0.0 <= terms[name] <= truth[name] for name in terms)
                assert all(map(math.isfinite, terms.values()))


def test_a_new_term_is_one_function(monkeypatch):
    monkeypatch.setattr(TABLE, "entries", dict(TABLE.entries))

    @TABLE.term(training=0.5)
    def brevity(evidence: Evidence) -> float:
        return float(evidence.operators < 4)

    assert "brevity" not in DiscoverTask().weights
    assert DiscoverTask(mode="training").weights["brevity"] == 0.5
    assert found(operators=3)["brevity"] == 1.0


def test_weights_that_do_not_sum_to_one_are_refused(monkeypatch):
    monkeypatch.setattr(TABLE, "entries", dict(TABLE.entries))
    TABLE.term(weight=0.05)(lambda evidence: 0.0)
    with pytest.raises(ValueError, match=r"discover-rewards-4 sum to 1\.05, not to 1"):
        DiscoverTask()


def test_an_unknown_mode_or_table_is_refused():
    with pytest.raises(UserError, match="bonus"):
        DiscoverTask(mode="bonus")
    with pytest.raises(UserError, match="discover has no reward 'bonus'; it has generalisation, physix"):
        DiscoverTask(reward="bonus")
