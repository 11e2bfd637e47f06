"""The same answers earn the same through every door that the development environment has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gedanken import tasks


def test_in_process(case, locally):
    for name, answer in case.answers.items():
        (result,) = locally(case, [answer])
        assert result.reward == pytest.approx(case.expected[name], abs=1e-9), name


def test_on_the_command_line(case, tmp_path):
    row = {name: value for name, value in case.problem.items() if name != tasks.load(case.task).subject_option}
    lines = [json.dumps({"subject": case.subject, "answer": answer, **row}) for answer in case.answers.values()]
    (tmp_path / "answers.jsonl").write_text("\n".join(lines) + "\n")
    command = [Path(sys.executable).with_name("gedanken"), "score", case.task, tmp_path / "answers.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    for name, verdict in zip(case.answers, verdicts, strict=True):
        assert verdict["reward"] == pytest.approx(case.rewards[name], abs=1e-9), name
        match = verdict["terms"].get("match", verdict["reward"])
        assert match == pytest.approx(case.expected[name], abs=1e-9), name


def test_over_the_openenv_protocol(case):
    pytest.importorskip("openenv.core")
    from starlette.testclient import TestClient

    from gedanken.serve.openenv.app import create_app

    with TestClient(create_app(case.task)) as client, client.websocket_connect("/ws") as socket:
        for name, answer in case.answers.items():
            socket.send_json({"type": "reset", "data": case.problem})
            assert socket.receive_json()["data"]["reward"] is None
            socket.send_json({"type": "step", "data": {"answer": answer}})
            assert socket.receive_json()["data"]["reward"] == pytest.approx(case.expected[name], abs=1e-9), name


@pytest.mark.parametrize(
    "module, library, extra",
    [
        ("reasoning_gym", "reasoning_gym", "reasoning-gym"),
        ("inspect", "inspect_ai", "inspect"),
        ("openreward", "openreward", "openreward"),
    ],
)
def test_a_missing_library_is_named_with_its_command(module, library, extra):
    code = f"import sys; sys.modules[{library!r}] = None; import gedanken.adapters.{module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(f"install it with: pip install 'gedanken[{extra}]'")


def test_a_missing_data_set_library_is_named_with_its_command():
    code = "import sys; sys.modules['datasets'] = None; from gedanken.adapters.trl import make_dataset; make_dataset()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].endswith("install it with: pip install 'gedanken[data]'")
