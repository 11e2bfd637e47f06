"""A real language model behind a real OpenAI-compatible server plays through the web server."""

import importlib.util
import sys
from pathlib import Path

import pytest

pytest.importorskip("openai")
pytest.importorskip("fastapi")
pytest.importorskip("transformers")
pytest.importorskip("torch")

from gedanken import UserError
from gedanken.models import loading


@pytest.fixture(scope="module")
def smollm2():
    """The folder with SmolLM2-135M, converted from its wheel; no Hub is asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        try:
            return loading.find("smollm2").base
        except UserError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="module")
def model_url(run_server, smollm2):
    command = Path(sys.executable).with_name("transformers")
    if not command.exists() or importlib.util.find_spec("uvicorn") is None:
        pytest.skip("transformers serve is not installed")
    environ = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with run_server(command, "serve", smollm2, "--host", "127.0.0.1", "--device", "cpu", **environ) as (url, _):
        yield f"{url}/v1"


@pytest.mark.slow
def test_a_real_model_plays_an_episode(patient_api, model_url, smollm2):
    player = {"endpoint": model_url, "model": smollm2, "max_tokens": 24, "temperature": 0.0}
    episode, events = patient_api.play(player, options={"rows": 8}, max_turns=2)
    names = [name for name, _ in events]
    turns = [data for name, data in events if name == "turn"]
    assert [name for name in names if name != "token"] == ["turn_started", "turn", "turn_started", "turn", "end"]
    assert events[-1] == ("end", {"status": "finished", "error": None, "code": None})
    # It came token by token, and what came is what was judged.
    written = "".join(data["text"] for name, data in events if name == "token")
    assert names.count("token") > 10
    assert written == "".join(turn["answer"] for turn in turns)
    assert all(len(turn["answer"]) > 20 for turn in turns)
    assert all(0.0 <= turn["verdict"]["reward"] <= 1.0 and turn["verdict"]["feedback"] for turn in turns)

    status, found = patient_api.call(f"/api/episodes/{episode}")
    assert status == 200
    assert found["status"] == "finished"
    assert found["turns"] == turns
    assert found["best_reward"] == max(turn["verdict"]["reward"] for turn in turns)
    assert patient_api.events(f"/api/episodes/{episode}/events")[-1] == events[-1]
