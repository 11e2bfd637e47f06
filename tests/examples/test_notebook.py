"""The notebook is run cell by cell, with a model of a few thousand weights in the place of the large one."""

import ast
import json
from pathlib import Path

import matplotlib
import numpy as np
import pytest

for library in ("torch", "transformers", "trl", "peft", "datasets"):
    pytest.importorskip(library)

NOTEBOOK = Path(__file__).parents[2] / "examples" / "discover_sft_grpo.ipynb"


def sources():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.slow
def test_the_notebook_trains_from_beginning_to_end(tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    settings, *steps = sources()
    tiny = {
        "MODEL": str(tiny_model("qwen2")),
        "SYSTEMS": ("free_fall",),
        "FOLDER": tmp_path / "runs",
        "ROWS": 4,
        "INSTANCES": 4,
        "EPOCHS": 8.0,
        "STEPS": 2,
        "GENERATIONS": 2,
        "BATCH": 2,
        "RANK": 4,
        "LEARNING_RATES": (1e-2, 1e-3),
        "PROBLEMS": 2,
        "LENGTH": 8,
        "DEVICE": "cpu",
    }
    names = {node.targets[0].id for node in ast.parse(settings).body if isinstance(node, ast.Assign)}
    assert names == set(tiny)  # every setting is one of the first cell's
    room = {}
    exec(compile(settings, "settings", "exec"), room)
    room |= tiny
    for number, source in enumerate(steps, 2):
        exec(compile(source, f"cell {number}", "exec"), room)

    assert list(room["results"]) == ["before", "after SFT", "after GRPO"]
    assert all(len(outcomes) == 2 for outcomes in room["results"].values())
    assert "| all |" in capsys.readouterr().out
    metrics = {
        kind: [json.loads(line) for line in (tmp_path / "runs" / kind / "metrics.jsonl").read_text().splitlines()]
        for kind in ("sft", "grpo")
    }
    losses = [line["loss"] for line in metrics["sft"] if line["kind"] == "train"]
    assert len(losses) == 16
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    rewarded = [line for line in metrics["grpo"] if line["kind"] == "train"]
    assert [line["step"] for line in rewarded] == [1, 2]
    assert all(np.isfinite(line["reward"]) for line in rewarded)
    assert (room["rl"] / "adapter_model.safetensors").is_file()
