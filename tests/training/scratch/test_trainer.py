import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.training.scratch.decoder import ATTENTION, make_decoder, measure_loss, use_attention
from gedanken.training.scratch.examples import encode, prepare
from gedanken.training.scratch.options import ScratchOptions
from gedanken.training.scratch.tokenizer import build
from gedanken.training.scratch.trainer import train_scratch
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import record

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    generate(Plan("train", 6, ("elastic_collision",), (1,), frames=60), folder, Processes(1))
    return folder


@pytest.fixture(scope="module")
def options(data, tmp_path_factory):
    """Ten steps of a tiny model."""
    return ScratchOptions(
        data=data,
        output_dir=tmp_path_factory.mktemp("runs") / "whole",
        size="tiny",
        steps=10,
        batch_tokens=800,
        learning_rate=1e-2,
        warmup_steps=0,
        checkpoint_steps=4,
        log_steps=1,
        threads=1,
        bf16=False,
        validation_scenes=0,
    )


@pytest.fixture(scope="module")
def model(options):
    return train_scratch(options)


def weights(folder):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def metrics(options):
    """Measurements of the training, as they were written."""
    lines = [json.loads(line) for line in (options.output_dir / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["kind"] != "end"]


def test_ten_steps_lower_the_loss(options, model):
    lines = metrics(options)
    assert [line["step"] for line in lines] == list(range(1, 11))
    assert lines[-1]["loss"] < lines[0]["loss"] - 0.5
    assert all(line["tokens_per_s"] > 0 and 0 <= line["waiting"] <= 1 for line in lines)
    config = json.loads((options.output_dir / "config.json").read_text())
    assert config["cells"] == [["elastic_collision", 1]]
    assert config["options"]["steps"] == 10


def test_an_interrupted_run_ends_with_the_same_weights(options, model, monkeypatch):
    cut = replace(options, output_dir=options.output_dir.with_name("cut"))

    def die(done, total, note):
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_scratch(cut, die)
    with pytest.raises(UserError, match="holds a run"):
        train_scratch(cut)
    with pytest.raises(UserError, match="batch_tokens"):
        train_scratch(replace(cut, resume=True, batch_tokens=900))
    resumed = train_scratch(replace(cut, resume=True))
    whole, again = weights(model), weights(resumed)
    assert whole.keys() == again.keys()
    for name in whole:
        assert torch.equal(whole[name], again[name]), name
    # The checkpoint of step 4 was the last; steps 5 to 7 were taken twice.
    assert [line["step"] for line in metrics(cut)] == [1, 2, 3, 4, 5, 6, 7, 5, 6, 7, 8, 9, 10]


def test_a_finished_run_is_left_as_it_is_and_goes_on_only_where_it_gets_more_steps(options, model):
    def files():
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}

    folder = options.output_dir.with_name("finished")
    shutil.copytree(options.output_dir, folder)
    before = files()
    again = replace(options, output_dir=folder, resume=True)
    assert train_scratch(again) == folder / "model"
    assert files() == before
    train_scratch(replace(again, steps=11))
    assert [line["step"] for line in metrics(again)] == list(range(1, 12))
    assert options.folder.end()["step"] == 10
    assert again.folder.end()["step"] == 11


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(options, monkeypatch):
    broken = replace(options, output_dir=options.output_dir.with_name("broken"))
    steps = []

    def spoil(model, tokens):
        steps.append(0)
        loss = measure_loss(model, tokens)
        return loss * float("nan") if len(steps) > 6 else loss

    monkeypatch.setattr("gedanken.training.scratch.trainer.measure_loss", spoil)
    with pytest.raises(UserError, match="no number"):
        train_scratch(broken)
    kept = torch.load(broken.output_dir / "checkpoint.pt", weights_only=True)
    assert kept["run"]["step"] == 4
    assert all(torch.isfinite(value).all() for value in kept["model"].values())
    assert all(torch.isfinite(value).all() for value in weights(broken.output_dir / "model").values())


def test_the_shared_beginning_changes_nothing():
    tokenizer = build()
    model = make_decoder("tiny", tokenizer, 0)
    recording = record(scenarios.pose("billiards", 1))
    lesson = prepare(recording.scene, recording.states, stream("test"))
    tokens = encode(lesson, tokenizer)
    use_attention(model, ATTENTION)
    shared = measure_loss(model, tokens)
    shared.backward()
    gradient = {name: value.grad.clone() for name, value in model.named_parameters()}
    model.zero_grad()
    use_attention(model, "eager")
    apart = 0.0
    for row, weight in zip(tokens.branches, tokens.weights, strict=True):
        ids = torch.from_numpy(np.concatenate([tokens.opening, row]))[None]
        logits = model(input_ids=ids).logits[0, len(tokens.opening) : -1]
        losses = torch.nn.functional.cross_entropy(logits, torch.from_numpy(row)[1:], reduction="none")
        apart = apart + (losses * torch.from_numpy(weight)[1:]).sum()
    apart.backward()
    assert shared.item() == pytest.approx(apart.item(), rel=1e-4)
    for name, value in model.named_parameters():
        assert torch.allclose(gradient[name], value.grad, rtol=1e-2, atol=1e-3), name


def test_every_tool_loads_the_model(options, model):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loaded, tokenizer = AutoModelForCausalLM.from_pretrained(model), AutoTokenizer.from_pretrained(model)
    assert loaded.config.model_type == "llama"
    prompt = tokenizer("Predict frame 7:\n", return_tensors="pt")
    assert prompt["input_ids"][0].tolist() == build().encode("Predict frame 7:\n").ids
    written = loaded.generate(input_ids=prompt["input_ids"], max_new_tokens=4, do_sample=False)
    assert written.shape[1] > prompt["input_ids"].shape[1]
    assert loaded.generation_config.eos_token_id == tokenizer.eos_token_id


def test_figures_of_its_own_answers(options, model):
    judged = replace(options, output_dir=options.output_dir.with_name("judged"), steps=1, validation_scenes=1)
    train_scratch(judged)
    figures = metrics(judged)[-1]
    assert figures["kind"] == "validation"
    assert figures["examples"] > 0
    assert figures["velocity_rmse_prior"] > 0
    assert 0 <= figures["well_formed"] <= 1


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"steps": None}, "how long"),
        ({"size": "huge"}, "size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"optimizer": "sgd"}, "muon or adamw"),
    ],
)
def test_wrong_options_are_told(options, wrong, match):
    with pytest.raises(UserError, match=match):
        replace(options, **wrong)
