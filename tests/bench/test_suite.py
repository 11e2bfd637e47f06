import numpy as np
import pytest

from gedanken.bench.discover import suite as suites
from gedanken.bench.discover.suite import Item, Options
from gedanken.bench.suite import names
from gedanken.errors import UserError
from gedanken.worlds.ode import lsr, odebench, system

NAMES = names("discover")


@pytest.mark.parametrize("name", NAMES)
def test_a_suites_file_agrees_with_the_zoo(name):
    suite = suites.load(name)
    assert suite.name == name
    assert len(set(suite.subjects)) == len(suite.subjects)
    if suite.kind == "zoo":
        assert set(suite.held_out) == {subject for subject in suite.subjects if system.load(subject).held_out}


def test_the_suites_share_out_the_zoo():
    textbook, altered = suites.load("catalogue").subjects, suites.load("altered").subjects
    assert set(suites.load("seed8").subjects) < set(textbook)
    assert not set(textbook) & set(altered)
    # A system that is added later belongs to the next version of a suite, so the files may lag behind but not invent.
    assert set(textbook) | set(altered) <= set(system.names())
    assert len(textbook) >= 44


def test_every_problem_of_a_suite_can_be_posed():
    options = Options(noise=0.05)
    for name in NAMES:
        suite = suites.load(name)
        for item in suites.list_items(suite, options, problems=1):
            problem = suites.pose(suite, item, options)
            assert problem.subject == item.subject
            assert all(np.isfinite(trial.values).all() for trial in problem.truth.clean + problem.truth.unseen)


def test_odebench_keeps_to_its_protocol():
    suite = suites.load("odebench")
    entry = odebench.find("odebench_31")
    problem = suites.pose(suite, Item(entry.name, 1), Options(noise=0.05, drop=0.5))
    (seen,) = problem.observation.trajectories
    (clean,) = problem.truth.clean
    assert (len(seen.t), len(clean.t)) == (256, 512)
    factors = seen.values / clean.values[np.searchsorted(clean.t, seen.t)]
    assert factors.std() == pytest.approx(0.05, rel=0.2)
    assert (clean.values[0] == entry.starts[1]).all()
    assert (problem.truth.unseen[0].values[0] == entry.starts[0]).all()
    assert problem.observation.hint == ""
    assert entry.description not in problem.prompt


def test_noise_is_the_same_draw_whatever_else_is_chosen():
    suite = suites.load("odebench")
    full, half = (
        suites.pose(suite, Item("odebench_24", 0), Options(noise=0.02, drop=drop)).observation.trajectories[0]
        for drop in (0.0, 0.5)
    )
    assert (half.values == full.values[np.searchsorted(full.t, half.t)]).all()


def test_joint_starts_are_one_problem_with_two_trials():
    suite = suites.load("odebench")
    items = suites.list_items(suite, Options(starts="joint"))
    assert len(items) == 63
    problem = suites.pose(suite, items[23], Options(noise=0.0, starts="joint"))
    entry = odebench.load()[23]
    assert [trial.values[0].tolist() for trial in problem.truth.clean] == [start.tolist() for start in entry.starts]
    assert problem.truth.unseen[0].values[0] == pytest.approx((entry.starts[0] + entry.starts[1]) / 2)
    drawn = suites.pose(suites.load("seed8"), Item("spring_mass", 0), Options(starts="joint"))
    assert len(drawn.observation.trajectories) == 2
    assert len(suites.list_items(suite, Options(starts="each"))) == 126


def test_fewer_rows_are_the_same_problem_told_shorter():
    suite = suites.load("seed8")
    long, short = (suites.pose(suite, Item("spring_mass", 0), Options(rows=rows)) for rows in (None, 4))
    assert "(4 of 100 samples)" in short.prompt
    assert len(short.prompt) < len(long.prompt)
    assert (short.truth.scored[0].values == long.truth.scored[0].values).all()


def test_what_cannot_be_chosen_is_said(tmp_path):
    zoo, bench = suites.load("seed8"), suites.load("odebench")
    for suite, options, words in (
        (zoo, Options(drop=0.5), "belong to odebench"),
        (zoo, Options(starts="each"), "belong to odebench"),
        (bench, Options(positions_only=True), "no velocities"),
        (bench, Options(starts="both"), "starts is first"),
        (bench, Options(noise=2.0), "shares"),
        (bench, Options(rows=8), "own number of rows"),
    ):
        with pytest.raises(UserError, match=words):
            suites.list_items(suite, options)
    with pytest.raises(UserError, match="not in the suite"):
        suites.list_items(zoo, Options(), subjects=["lorenz"])
    with pytest.raises(UserError, match="at least one problem"):
        suites.list_items(zoo, Options(), problems=0)
    with pytest.raises(UserError, match="there are altered, catalogue, lsr, odebench, seed8"):
        suites.load("seed9")
    with pytest.raises(UserError, match="no suite file"):
        suites.load(str(tmp_path / "mine.toml"))
    broken = tmp_path / "broken.toml"
    broken.write_text('name = "broken"\nversion = 1\n')
    with pytest.raises(UserError, match="cannot be used"):
        suites.load(str(broken))


def test_laws_of_lsr_are_posed_as_those_of_odebench_with_even_noise():
    suite = suites.load("lsr")
    entry = lsr.find("lsr_po18")
    exact, noisy, hidden = (
        suites.pose(suite, Item("lsr_po18", 0), options)
        for options in (Options(noise=0.0), Options(noise=0.05), Options(noise=0.05, positions_only=True))
    )
    clean = entry.trajectory(0).values
    assert (exact.observation.trajectories[0].values == clean).all()
    assert (exact.truth.unseen[0].values == entry.trajectory(1).values).all()
    assert (exact.observation.hint, exact.observation.hint_level) == ("", "anonymous")
    ratio = (noisy.observation.trajectories[0].values - clean).std(0) / clean.std(0)
    assert ratio == pytest.approx([0.05, 0.05], rel=0.2)
    positions = hidden.observation.trajectories[0].values
    assert (positions[:, 0] == noisy.observation.trajectories[0].values[:, 0]).all()
    assert np.isnan(positions[:, 1]).all()
    assert len(suites.list_items(suite, Options(starts="each"))) == 104


def test_a_suite_of_ones_own(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\nversion = 1\nabout = "two"\nkind = "zoo"\nproblems = 2\nthreshold = 0.9\nscore = "mean"\n'
        'subjects = ["spring_mass", "logistic"]\n'
    )
    assert [item.subject for item in suites.list_items(suites.load(str(file)), Options())] == [
        "spring_mass", "spring_mass", "logistic", "logistic",
    ]  # fmt: skip


def test_printed_rows_are_rates():
    printed = suites.load("odebench").printed
    assert {(row["noise"], row["drop"]) for row in printed} == {(0.0, 0.0), (0.05, 0.0), (0.05, 0.5)}
    assert all(0 <= row["generalises"] <= row["solved"] + 5 <= 105 for row in printed)
