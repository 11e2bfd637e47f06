"""Training runs on the page: folders that are found by walking, lines that are read as they come."""

import orjson
import pytest


@pytest.fixture
def runs(tmp_path):
    for name in ("one", "two/stage-1"):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_bytes(orjson.dumps({"kind": "grpo", "options": {"model": "m", "steps": 9}}))
        lines = [{"step": k, "time": 1.0, "kind": "train", "reward": k / 10} for k in range(3)]
        (folder / "metrics.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "config.json").write_text("{")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "config.json").write_bytes(orjson.dumps({"kind": "sft", "options": {}}))
    (tmp_path / "runs" / "link").symlink_to(tmp_path / "outside")
    return tmp_path / "runs"


def test_runs_are_listed_and_new_lines_are_read(open_reader, runs):
    reader = open_reader(runs=str(runs))
    listed = {run["name"]: run for run in reader.get("/api/runs")["runs"]}
    assert listed.keys() == {"one", "two~stage-1"}
    one = listed["one"]
    assert (one["kind"], one["model"], one["step"], one["reward"], one["lines"]) == ("grpo", "m", 2, 0.2, 3)
    assert one["state"] == "running"
    told = reader.get("/api/runs/one/metrics?after=2")
    assert (told["next"], [line["step"] for line in told["lines"]]) == (3, [2])
    with (runs / "one" / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 3, "reward": 1.0}\nbroken\n{"step": 4')  # the last one is being written
    told = reader.get(f"/api/runs/one/metrics?after={told['next']}")
    assert (told["next"], told["lines"]) == (5, [{"step": 3, "reward": 1.0}, {}])
    with (runs / "one" / "metrics.jsonl").open("ab") as file:
        file.write(b', "kind": "end"}\n')
    assert reader.get("/api/runs/one/metrics?after=5")["state"] == "ended"


@pytest.mark.parametrize("name", ["nothing", "..", "..%2foutside", "link", "two"])
def test_a_name_leads_to_no_other_folder(open_reader, runs, name):
    reader = open_reader(runs=str(runs))
    assert reader.web.get(f"/api/runs/{name}/metrics").status_code == 404
