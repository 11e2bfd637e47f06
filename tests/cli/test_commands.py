import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gedanken.cli import docs
from gedanken.cli.main import build_app
from gedanken.tasks.discover.task import DiscoverTask

APP = build_app()


def run(*arguments: str, **options):
    result = CliRunner().invoke(APP, [str(argument) for argument in arguments], **options)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def gedanken(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a shell runs it."""
    code = "import sys; from gedanken.cli.main import run; sys.exit(run())"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize(
    "command",
    [
        (), ("discover",), ("pose",), ("play",), ("score",), ("predict",), ("check",), ("demo",), ("warm",),
        ("zoo", "list"), ("zoo", "show"), ("zoo", "gallery"),
        ("bench", "discover"), ("bench", "predict"), ("bench", "verifier"), ("bench", "fuzz"), ("bench", "generate"),
        ("data", "generate"), ("data", "verify"), ("data", "text"), ("data", "import"), ("data", "push"),
        ("data", "info"), ("data", "plain"), ("data", "nearest"),
    ],
)  # fmt: skip
def test_every_command_has_help(command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_the_version_is_printed():
    assert run("--version").output.strip().count(".") == 2


def test_the_users_fault_is_one_sentence_and_exit_code_2():
    result = gedanken("pose", "discover", "free_fal")
    assert result.returncode == 2
    assert (
        result.stderr == "gedanken: there is no system called 'free_fal'; did you mean free_fall or free_fall_drag?\n"
    )
    assert result.stdout == ""


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from gedanken.cli.main import build_app; build_app();"
        "heavy = ('torch', 'matplotlib', 'scipy', 'sympy', 'numba', 'pymunk', 'pyarrow', 'openai');"
        "print([name for name in heavy if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


def test_pose_writes_the_prompt_and_on_request_the_answer():
    plain = run("pose", "discover", "spring_mass", "--index", "2").output
    assert "TRAJECTORY" in plain
    assert "(k/m)" not in plain
    answered = run("pose", "discover", "spring_mass", "--index", "2", "--json", "--answer").output
    shown = json.loads(answered)
    assert shown["prompt"].strip() == plain.strip()
    assert "equation" in json.loads(shown["answer"])


def test_pose_takes_conditions():
    shown = json.loads(
        run("pose", "discover", "spring_mass", "--with", "noise=0", "--with", "hint=anonymous", "--json").output
    )
    assert "x0" in shown["prompt"]


def test_play_with_scripted_answers(tmp_path: Path):
    script = tmp_path / "answers.jsonl"
    problem = DiscoverTask().pose("free_fall", split="test")
    script.write_text(json.dumps("It falls.") + "\n" + json.dumps(DiscoverTask().solve(problem)) + "\n")
    result = run("play", "discover", "free_fall", "--player", f"scripted:{script}", "--json")
    rows = [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]
    assert [row["solved"] for row in rows] == [False, True]
    assert rows[0]["error"]


def test_score_gives_a_verdict_a_line(tmp_path: Path):
    task = DiscoverTask()
    rows = [
        {"subject": "spring_mass", "index": 4, "answer": task.solve(task.pose("spring_mass", split="test", index=4))},
        {"subject": "spring_mass", "index": 4, "answer": "no idea"},
        {"subject": "spring_mass", "index": 4, "noise": 0.0, "answer": '{"equation": "d2x/dt2 = 0"}'},
    ]
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    verdicts = [json.loads(line) for line in run("score", "discover", file).output.splitlines()]
    assert [verdict["solved"] for verdict in verdicts] == [True, False, False]
    assert verdicts[1]["reward"] == 0.0
    piped = run("score", "discover", "-", input=file.read_text()).output.splitlines()
    assert [json.loads(line) for line in piped] == verdicts


def test_score_is_the_same_with_several_workers(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("gedanken.cli.score.CHUNK", 2)
    answers = ["no idea", '{"equation": "d2x/dt2 = 0"}', '{"equation": "d2x/dt2 = -9*x"}']
    rows = [{"subject": "spring_mass", "index": k, "answer": answers[k % 3]} for k in range(7)]
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    alone = run("score", "discover", file).output
    assert len(alone.splitlines()) == 7
    assert run("score", "discover", file, "--workers", "2").output == alone
    bad = tmp_path / "bad.jsonl"
    bad.write_text(file.read_text() + "{\n")
    result = gedanken("score", "discover", str(bad), "--workers", "2")
    assert result.returncode == 2
    assert "line 8 is not JSON" in result.stderr
    assert len(result.stdout.splitlines()) == 7
    refused = gedanken("score", "discover", str(file), "--workers", "2", "--ray")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--workers and --ray exclude each other" in refused.stderr


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_score_and_bench_on_a_cluster_give_the_same(tmp_path: Path):
    ray = pytest.importorskip("ray")
    file = tmp_path / "answers.jsonl"
    file.write_text('{"subject": "spring_mass", "answer": "no idea"}\n' * 3)
    bench = ("bench", "discover", "--problems", "1", "--subject", "free_fall", "--subject", "spring_mass", "--json")
    # Both use this one, which takes a quarter of a minute to start; "local", since another test may have one, too.
    ray.init("local", num_cpus=2, log_to_driver=False, logging_level="error", include_dashboard=False)
    try:
        scored = run("score", "discover", file, "--ray")
        spread = json.loads(run(*bench, "--ray").stdout)
    finally:
        ray.shutdown()
    assert scored.output == run("score", "discover", file).output
    alone = json.loads(run(*bench).stdout)
    assert alone["solved"] == spread["solved"]
    assert alone["form"] == spread["form"]


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("{", "line 2 is not JSON"),
        ("[]", 'line 2 needs a "subject" and an "answer"'),
        ('{"subject": "spring", "answer": ""}', "line 2: there is no system called 'spring'"),
        ('{"subject": "spring_mass", "answer": "", "nois": 1}', "line 2: unknown condition nois"),
        ('{"subject": "spring_mass", "answer": "", "earlier": 3}', 'line 2: "earlier" is a list of the answers'),
    ],
)
def test_score_stops_at_a_bad_line_and_keeps_what_it_scored(tmp_path: Path, line, sentence, gedanken):
    file = tmp_path / "answers.jsonl"
    file.write_text('{"subject": "spring_mass", "answer": "x"}\n' + line + "\n")
    code, out, err = gedanken("score", "discover", file)
    assert code == 2
    assert sentence in err
    assert len(out.splitlines()) == 1


def test_predict_says_what_it_compiles(monkeypatch):
    from contextlib import contextmanager

    import numba

    from gedanken.tasks.predict import rollout

    told = []

    @contextmanager
    def listen(title):
        yield lambda done, total, note="": told.append((done, total, note))

    def compile_first(*arguments):
        assert numba.njit(lambda x: x + 1)(1) == 2
        return play(*arguments)

    play = rollout.run
    monkeypatch.setattr("gedanken.cli._show.progress_bar", listen)
    monkeypatch.setattr(rollout, "run", compile_first)
    assert "coverage" in run("predict", "billiards", "--player", "hold", "--frames", "2").output
    assert any(note.startswith("compiling, once on this machine: ") for done, _, note in told if done == 0)
    assert told[-1] == (2, 2, "")


def test_zoo_lists_and_shows():
    rows = json.loads(run("zoo", "list", "--json").output)
    assert len(rows) >= 40
    assert {"name", "equation", "source", "tier"} <= set(rows[0])
    assert "keeps" in run("zoo", "show", "simple_pendulum").output
    assert len(json.loads(run("zoo", "list", "predict", "--json").output)) >= 44
    assert "Static: segment" in run("zoo", "show", "billiards").output
    assert {row["tier"] for row in json.loads(run("zoo", "list", "--tier", "3", "--json").output)} == {3}


def test_check_tells_kept_from_broken(tmp_path: Path):
    good = Path("src/gedanken/worlds/ode/systems/simple_pendulum.py")
    assert run("check", good).exit_code == 0
    bad = tmp_path / "bad_pendulum.py"
    bad.write_text(good.read_text().replace("sin(theta)", "sinh(theta)"))
    result = run("check", bad)
    assert result.exit_code == 1
    assert "sinh" in result.output


def test_generated_pages_are_fresh():
    assert run("docs", "--check").exit_code == 0


def test_the_reference_names_every_command():
    page = docs.cli_page()
    assert all(f"## `gedanken {name}`" in page for name in ("discover", "predict", "bench verifier", "zoo list"))
