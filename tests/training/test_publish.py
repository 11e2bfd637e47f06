import http.server
import json
import threading

import orjson
import pytest

from gedanken.errors import UserError
from gedanken.training.publish import list_files, push
from gedanken.training.run import RunFolder, open_run


@pytest.fixture
def run(tmp_path):
    pytest.importorskip("torch")
    folder = open_run(tmp_path / "run", "sft", {"model": "smollm2"})
    folder.log(1, {"kind": "train", "loss": 2.0})
    (folder.path / "README.md").write_text("# a run\n")
    (folder.checkpoints / "checkpoint-1").mkdir(parents=True)
    (folder.checkpoints / "checkpoint-1" / "optimizer.pt").write_bytes(b"0" * 5000)
    folder.model.mkdir()
    (folder.model / "adapter_config.json").write_bytes(orjson.dumps({"base_model_name_or_path": "smollm2", "r": 8}))
    (folder.model / "adapter_model.safetensors").write_bytes(b"w" * 1234)
    return folder.path


def test_a_dry_run_lists_what_would_be_sent_and_how_large_it_is(run):
    lines = push(run, "me/model", dry_run=True)
    listed = dict(reversed(line.split()) for line in lines[:-1])
    assert listed["adapter_model.safetensors"] == "1,234"
    assert set(listed) == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "metrics.jsonl",
        "run.json",
    }
    total = sum(int(size.replace(",", "")) for size in listed.values())
    assert lines[-1].split()[0] == f"{total:,}"
    assert "5 files would go to me/model" in lines[-1]


def test_a_merged_model_goes_along_and_the_base_gets_its_name_on_the_hub(run):
    (run / "merged").mkdir()
    (run / "merged" / "config.json").write_text("{}")
    files = list_files(run)
    assert "merged/config.json" in files
    config = json.loads(files["adapter_config.json"])
    assert config == {"base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct", "r": 8}
    assert json.loads((run / "model" / "adapter_config.json").read_bytes())["base_model_name_or_path"] == "smollm2"


def test_what_is_not_fit_to_be_sent_is_refused(run, tmp_path):
    for wrong in ("model", "me/", "/model", "a/b/c"):
        with pytest.raises(UserError, match="OWNER/NAME"):
            push(run, wrong, dry_run=True)
    with pytest.raises(UserError, match="not the folder of a training run"):
        push(tmp_path, "me/model", dry_run=True)
    unfinished = open_run(tmp_path / "other", "sft", {})
    with pytest.raises(UserError, match="no model yet"):
        push(unfinished.path, "me/model", dry_run=True)
    config = RunFolder(run).model / "adapter_config.json"
    config.write_bytes(orjson.dumps({"base_model_name_or_path": str(tmp_path)}))
    with pytest.raises(UserError, match="folder of this machine"):
        push(run, "me/model", dry_run=True)


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of the Hub's protocol as an upload of small files needs; keeps what it was sent."""

    received: dict[str, bytes] = {}  # noqa: RUF012

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received[self.path] = body
        if self.path.endswith("/create"):
            answer = {"url": "https://huggingface.co/me/model", "id": "me/model", "name": "me/model"}
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            answer = {
                "files": [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
            }
        else:
            answer = {"commitUrl": "https://huggingface.co/me/model/commit/1", "commitOid": "1", "success": True}
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def test_an_upload_reaches_a_hub(run, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    try:
        assert "went to" in push(run, "me/model")[-1]
        commit = next(body for path, body in Hub.received.items() if "/commit/" in path)
        sent = [json.loads(line) for line in commit.splitlines()]
        paths = {line["value"]["path"] for line in sent if line["key"] == "file"}
        assert paths == set(list_files(run))
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(UserError, match="the Hub did not take me/model"):
        push(run, "me/model")
