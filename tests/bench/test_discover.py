import numpy as np
import orjson
import pytest

from gedanken.bench import discover
from gedanken.bench.discover import report, rows
from gedanken.bench.discover import suite as suites
from gedanken.bench.discover.suite import Item, Options
from gedanken.errors import UserError
from gedanken.loop import Question
from gedanken.worlds.ode import lsr


class Says:
    """Gives fixed answers in turn."""

    name = "says"

    def __init__(self, *answers):
        self.answers = answers

    def answer(self, question: Question) -> str:
        return self.answers[len(question.turns)]


def measure(subject: str, *answers: str, suite: str = "seed8", options: Options = Options(), index: int = 0):
    chosen = suites.load(suite)
    item = Item(subject, index)
    return discover.measure(chosen, item, suites.pose(chosen, item, options), Says(*answers), len(answers))


def law(equation: str, **params: float) -> str:
    return orjson.dumps({"equation": equation, "params": params}).decode()


def test_the_truth_has_every_merit():
    suite, item = suites.load("seed8"), Item("damped_pendulum", 3)
    truth = suites.pose(suite, item, Options()).truth
    row = measure("damped_pendulum", law(truth.equation, **truth.params), index=3)
    assert row.solved
    assert row.generalises
    assert row.form
    assert not row.equivalent
    assert row.r2 > 1 - 1e-8
    assert row.coefficient_error < 1e-12
    assert row.complexity == row.true_complexity


def test_a_fit_without_the_law_is_solved_and_no_more():
    # The small-angle law at the best frequency follows many a large swing, and is nevertheless not the law.
    rows = [
        max(
            (measure("simple_pendulum", law("d2theta/dt2 = -w*theta", w=w), index=index) for w in frequencies),
            key=lambda row: row.r2 if row.r2 is not None else -1.0,
        )
        for frequencies in [np.linspace(1.0, 20.0, 120).tolist()]
        for index in range(4)
    ]
    assert any(row.solved and not row.generalises for row in rows)
    assert not any(row.form or row.equivalent for row in rows)


def test_what_cannot_be_read_or_simulated_counts_as_failed():
    nothing = measure("free_fall", "I do not know.")
    assert (nothing.equation, nothing.r2, nothing.solved, nothing.form) == ("", None, False, False)
    assert nothing.error
    explodes = measure("free_fall", law("d2y/dt2 = exp(vy**2)"))
    assert explodes.r2 is None
    assert explodes.error


def test_the_best_of_several_turns_counts():
    truth = suites.pose(suites.load("seed8"), Item("free_fall", 0), Options()).truth
    row = measure("free_fall", law("d2y/dt2 = 0"), law(truth.equation, **truth.params), law("d2y/dt2 = 1"))
    assert row.turns == 2, "the episode ends when it is solved"
    assert row.form
    assert row.form_any


def test_joint_trials_must_all_be_reproduced():
    options = Options(noise=0.0, starts="joint")
    row = measure("odebench_02", law("dx0/dt = c*x0", c=0.23), suite="odebench", options=options, index=-1)
    assert row.solved
    assert row.generalises
    # Right from one start only: a constant growth that fits 4.78 exp(0.23 t) in the mean.
    row = measure("odebench_02", law("dx0/dt = 4.2"), suite="odebench", options=options, index=-1)
    assert not row.solved


def test_a_law_that_is_nearly_right_generalises_but_is_not_sharp():
    names = ["lsr_crk16", "lsr_crk34"]
    sharp = discover.run("lsr", "oracle", noise=0.0, subjects=names)
    assert [sharp[name]["rate"] for name in ("solved", "generalises", "sharp", "form")] == [100.0] * 4
    suite = suites.load("lsr")
    items = [Item(name, 0) for name in names]
    near = [
        measure(item.subject, law(lsr.find(item.subject).equation.replace("0.333333333333333", "0.36")), suite="lsr")
        for item in items
    ]
    result = report.summarise(suite, {**sharp, "starts": "first", "turns": 1, "noise": 0.05, "drop": 0.0}, near)
    assert result["generalises"]["rate"] == 100.0
    assert result["sharp"]["rate"] == 0.0
    assert "sharp %" in report.render_markdown([result])


def test_both_scores_are_their_definitions():
    rng = np.random.default_rng(1)
    true = rng.standard_normal((50, 2)) * [1.0, 30.0]
    found = true + rng.standard_normal((50, 2)) * [0.5, 1.0]
    each = 1 - ((found - true) ** 2).sum(0) / ((true - true.mean(0)) ** 2).sum(0)
    assert rows.r_squared(true, found, "mean") == pytest.approx(each.mean())
    assert rows.r_squared(true, found, "weighted") == pytest.approx(np.average(each, weights=true.var(0)))
    still = np.column_stack([true, np.full(50, 7.0)])
    assert rows.r_squared(still, still, "mean") == 1.0


def test_a_run_reports_rates_with_intervals_and_resumes(tmp_path):
    seen = []
    chosen = {"noise": 0.05, "problems": 2, "subjects": ["spring_mass", "free_fall"], "out": tmp_path}
    whole = discover.run("seed8", "linear", **chosen, progress=lambda done, total, subject: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert whole["n"] == 4
    for name in ("solved", "generalises", "form"):
        low, high = whole[name]["ci"]
        assert 0 <= low <= whole[name]["rate"] <= high <= 100
    assert whole["seconds"]["median"] > 0
    assert whole["subjects"]["spring_mass"]["n"] == 2
    assert orjson.loads((tmp_path / "seed8-linear-noise0.05.json").read_bytes()) == whole
    assert "| spring_mass | 2 |" in (tmp_path / "seed8-linear-noise0.05.md").read_text()
    # Cut off in the middle of the third row: two are kept, two are done again.
    rows = tmp_path / "seed8-linear-noise0.05.jsonl"
    lines = rows.read_bytes().splitlines(keepends=True)
    rows.write_bytes(b"".join(lines[:3]) + lines[3][:20])
    seen.clear()
    again = discover.run("seed8", "linear", **chosen, progress=lambda done, total, subject: seen.append((done, total)))
    assert seen == [(3, 4), (4, 4)]
    assert {name: again[name] for name in ("n", "solved", "form", "keys")} == {
        name: whole[name] for name in ("n", "solved", "form", "keys")
    }
    rows.write_bytes(rows.read_bytes().replace(b"discover-bench-1", b"discover-bench-0", 1))
    with pytest.raises(UserError, match="another version"):
        discover.run("seed8", "linear", **chosen)


@pytest.mark.slow
def test_processes_change_nothing():
    chosen = {"noise": 0.05, "problems": 2, "subjects": ["spring_mass", "free_fall"]}
    one, two = (discover.run("seed8", "linear", **chosen, workers=workers) for workers in (1, 2))
    for name in ("solved", "generalises", "form", "r2", "r2_unseen", "keys"):
        assert one[name] == two[name]


def test_two_starts_of_a_system_are_one_cluster():
    result = discover.run("odebench", "oracle", noise=0.05, starts="each", subjects=["odebench_02", "odebench_24"])
    assert result["n"] == 4
    assert result["third_start"]["rate"] == 100.0
    assert result["hint"] == "anonymous"
    table = discover.render_markdown([result])
    assert "PySR (as printed, not re-run) | 0.05 | first start | 63 | 63.5 | 19.0 |" in table


def test_an_unknown_player_is_said_before_anything_is_written(tmp_path):
    with pytest.raises(UserError, match="peers for benchmarks are linear, oracle, pysindy"):
        discover.run("seed8", "nobody", out=tmp_path)
    assert list(tmp_path.iterdir()) == []
