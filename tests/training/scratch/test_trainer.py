import json
import shutil
from dataclasses import replace

import pytest

from gedanken import models, players
from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan
from gedanken.errors import UserError
from gedanken.loop import Question
from gedanken.models.impulses import vocabulary as v
from gedanken.players import load_player
from gedanken.tasks.predict.task import PredictTask
from gedanken.training.scratch.contacts.decoder import measure_loss, weigh_numbers
from gedanken.training.scratch.contacts.lesson import train_scratch
from gedanken.training.scratch.contacts.options import ScratchOptions

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module", autouse=True)
def one_width():
    """Losses of a run can be compared: the bell around a target narrows otherwise, and with it the loss grows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gedanken.training.scratch.contacts.lesson.bell_width", lambda progress: 0.05)
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    generate(Plan("train", 6, ("tower",), (1,), frames=60), folder, Processes(1))
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
    assert lines[-1]["loss"] < lines[0]["loss"] - 0.2
    assert all(line["tokens_per_s"] > 0 and 0 <= line["waiting"] <= 1 for line in lines)
    config = json.loads((options.output_dir / "config.json").read_text())
    assert config["cells"] == [["tower", 1]]
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

    def spoil(*given):
        steps.append(0)
        loss, weight, numbers = measure_loss(*given)
        return loss * float("nan") if len(steps) > 6 else loss, weight, numbers

    monkeypatch.setattr("gedanken.training.scratch.contacts.lesson.measure_loss", spoil)
    with pytest.raises(UserError, match="no number"):
        train_scratch(broken)
    kept = torch.load(broken.output_dir / "checkpoint.pt", weights_only=True)
    assert kept["run"]["step"] == 4
    assert all(torch.isfinite(value).all() for value in kept["model"].values())
    assert all(torch.isfinite(value).all() for value in weights(broken.output_dir / "model").values())


def test_what_is_near_is_nearly_right():
    """The loss is least where the model says the number itself, and less for one that is near than for one far off."""
    scale = torch.from_numpy(v.SCALE)
    target = torch.tensor([v.said(3.1)])

    def loss_if_it_says(value):
        off = (scale - scale[v.said(value)]).abs()
        return float(weigh_numbers(-50.0 * off[None], target, 0.05)[0])

    losses = [loss_if_it_says(value) for value in (3.1, 3.2, 4.0, 0.31, -3.1)]
    assert losses == sorted(losses)
    assert losses[1] < losses[0] + 1.0
    assert losses[4] > losses[0] + 50.0


def test_small_numbers_weigh_less():
    places = torch.tensor([v.said(value) for value in (0.0, 0.02, -0.1, 0.5, -9.0)])
    weights = weigh_numbers(torch.zeros(5, len(v.SAID)), places, 0.05)[1].tolist()
    assert weights == sorted(weights)
    assert weights[0] == pytest.approx(0.3)
    assert weights[-1] == pytest.approx(1.0)


def test_every_tool_loads_the_model(options, model):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loaded, tokenizer = AutoModelForCausalLM.from_pretrained(model), AutoTokenizer.from_pretrained(model)
    assert loaded.config.model_type == "llama"
    words = "step 10 r0 contact b0 w 270d 0.5 1 -0.31 0 1 0.333 0 1.64 0 changes r0 b0 w 1 -0.31 add"
    prompt = tokenizer(words, return_tensors="pt")
    known = {word: number for number, word in enumerate(v.words())}
    assert prompt["input_ids"][0].tolist() == [known[word] for word in words.split()]
    written = loaded.generate(input_ids=prompt["input_ids"], max_new_tokens=4, do_sample=False)
    assert written.shape[1] > prompt["input_ids"].shape[1]
    assert loaded.generation_config.eos_token_id == tokenizer.eos_token_id == v.END


def test_figures_of_its_own_answers(options, model):
    judged = replace(options, output_dir=options.output_dir.with_name("judged"), steps=1, validation_scenes=3)
    train_scratch(judged)
    figures = metrics(judged)[-1]
    assert figures["kind"] == "validation"
    assert figures["trials"] > 3
    assert figures["velocity_rmse_free"] > figures["velocity_rmse_alone"] >= 0
    assert figures["velocity_rmse_held_out"] > 0
    card = (judged.output_dir / "README.md").read_text()
    assert "each contact alone" in card
    assert "what each contact alone would get" in card


def test_the_model_plays(options, model):
    task = PredictTask()
    problem = task.pose("billiards", split="test", level=1)
    player = load_player(f"impulses:{model}", "predict")
    verdict = task.verify(problem, player.answer(Question(task.ask(problem), problem.observation)))
    assert verdict.error is None
    assert verdict.details["coverage"] == 1.0
    assert not verdict.details["complaints"]


def test_a_model_in_the_package_is_a_player_by_its_bare_name(model, tmp_path, monkeypatch):
    shutil.copytree(model, tmp_path / "predict" / "impulses" / "small")
    monkeypatch.setattr(models, "PACKAGED", tmp_path)
    assert "small" in players.names("predict")
    assert "small" not in players.names("discover")
    assert players.load_player("small", "predict").name == "small"
    with pytest.raises(UserError, match="option 'temperature'"):
        players.load_player("small", "predict", temperature=1.0)


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
