import json

import numpy as np
import pytest

from gedanken.models.collisions import vocabulary as v
from gedanken.players import load_player
from gedanken.training.scratch.collisions.examples import FAST, SLOW, Pairs, _is_taken, look
from gedanken.training.scratch.collisions.options import CollisionOptions
from gedanken.training.scratch.loader import shuffle_pool
from gedanken.worlds.rigid import scenarios

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from gedanken.training.scratch.collisions import decoder as taught  # noqa: E402
from gedanken.training.scratch.collisions.lesson import train_collisions  # noqa: E402
from gedanken.training.scratch.collisions.validation import pose_trials, validate  # noqa: E402


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    return CollisionOptions(
        output_dir=tmp_path_factory.mktemp("runs") / "whole",
        size="tiny",
        steps=24,
        batch_tokens=1500,
        learning_rate=5e-3,
        warmup_steps=0,
        log_steps=1,
        threads=1,
        bf16=False,
        validation_scenes=6,
    )


@pytest.fixture(scope="module")
def few():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gedanken.training.scratch.collisions.lesson.all_cells", lambda: [("tower", 1)])
        patch.setattr("gedanken.training.scratch.collisions.decoder.BELL", (0.0, 2.0))
        yield


@pytest.fixture(scope="module")
def model(options, few):
    return train_collisions(options)


def metrics(options):
    return [json.loads(line) for line in (options.output_dir / "metrics.jsonl").read_text().splitlines()]


def test_some_steps_lower_the_loss(options, model):
    """On pairs that the run has not seen."""
    from transformers import LlamaForCausalLM

    assert len([line for line in metrics(options) if line["kind"] == "train"]) == 24
    batch = shuffle_pool(Pairs([("tower", 1)]), 50, 4000)[0]
    ids, asked = torch.from_numpy(batch.ids).long(), torch.from_numpy(batch.asked)

    def loss(decoder):
        with torch.no_grad():
            total, weight, _ = taught.measure_loss(decoder, ids, asked, 1.0)
        return float(total) / weight

    trained = LlamaForCausalLM.from_pretrained(model, dtype=torch.float32)
    assert loss(trained) < loss(taught.make_decoder("tiny", 0)) - 0.5


def test_card_and_curves_say_how_pairs_are_judged(options, model):
    (figures,) = (line for line in metrics(options) if line["kind"] == "validation")
    assert figures["trials"] > 50
    assert 0.1 < figures["touching"] < 0.95
    card = (options.output_dir / "README.md").read_text()
    assert "touching pairs found" in card
    assert "It finds 0." in card.replace("\n", " ")
    assert (options.output_dir / "curves.png").stat().st_size > 5000


def test_every_tool_loads_the_model(options, model):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loaded, tokenizer = AutoModelForCausalLM.from_pretrained(model), AutoTokenizer.from_pretrained(model)
    words = "pair segment 400.00 10.00 circle 12.35 beyond neg391.00 neg0.05 move +11.95 -196.5 +0 +0.5015 gap"
    known = {word: number for number, word in enumerate(v.words())}
    assert tokenizer(words)["input_ids"] == [known[word] for word in words.split()]
    assert loaded.config.vocab_size == v.COUNT


def test_the_model_plays(model):
    from gedanken.loop import Question
    from gedanken.tasks.predict.task import PredictTask

    task = PredictTask()
    problem = task.pose("billiards", split="test", level=1)
    player = load_player(f"collisions:{model}", "predict")
    verdict = task.verify(problem, player.answer(Question(task.ask(problem), problem.observation)))
    assert verdict.error is None


def test_the_same_pool_has_the_same_examples():
    source = Pairs([("tower", 1)])
    one, other = source.make_pool(0), source.make_pool(0)
    assert len(one) == len(other) > 100
    assert all((a.ids == b.ids).all() for a, b in zip(one, other, strict=True))
    later = {tuple(example.ids) for example in source.make_pool(1)}
    assert sum(tuple(example.ids) in later for example in one) < len(one) / 10


def test_what_is_asked_is_the_answer():
    for example in Pairs([("plinko", 1)]).make_pool(0)[:40]:
        first = int(np.flatnonzero(example.asked)[0])
        assert example.ids[first - 1] == v.GAP
        assert example.asked[first:].all()
        assert v.span(example.ids[first:].tolist()) == (0, 0)


def test_all_fast_pairs_are_taken_and_a_share_of_the_slow_ones_whether_they_touch_or_not():
    rng = np.random.default_rng(0)
    taken = {}
    for name in ("billiards", "tower"):
        for near, _, manifold in look(scenarios.pose(name, 3), rng, 0.0):
            fast = bool(np.hypot(*near.motion[:2]) > FAST)
            taken.setdefault((fast, manifold is not None), []).extend(_is_taken(near, rng) for _ in range(20))
    assert min(map(len, taken.values())) > 200
    for (fast, _), found in taken.items():
        assert np.mean(found) == 1.0 if fast else np.mean(found) == pytest.approx(SLOW, abs=0.08)
    assert len(taken) == 4


def test_what_is_near_is_nearly_right():
    """A direction near the right one costs less, also across 0."""

    class Says:
        """A model that says one token after every text."""

        def __init__(self, token):
            head = torch.zeros(v.COUNT, 4)
            place = torch.arange(v.COUNT)
            apart = (place - token).abs().float()
            head[v.DIRECTION : v.AMOUNT, 0] = -torch.minimum(apart, v.DIRECTIONS - apart)[v.DIRECTION : v.AMOUNT]
            self.lm_head = torch.nn.Linear(4, v.COUNT, bias=False)
            self.lm_head.weight = torch.nn.Parameter(head)

        def model(self, input_ids):
            from types import SimpleNamespace

            hidden = torch.zeros(*input_ids.shape, 4)
            hidden[..., 0] = 1.0
            return SimpleNamespace(last_hidden_state=hidden)

    ids = torch.tensor([[v.GAP, v.DIRECTION]])
    asked = torch.tensor([[False, True]])
    losses = [
        float(taught.measure_loss(Says(v.DIRECTION + place), ids, asked, 1.0)[0].detach())
        for place in (0, 1, v.DIRECTIONS - 2, 10, v.DIRECTIONS // 2)
    ]
    assert losses == sorted(losses)


def test_a_model_that_says_nothing_touches_finds_nothing(model, monkeypatch):
    trials = pose_trials([("tower", 1)], 3)
    assert {trial.held_out for trial in trials} == {True, False}
    monkeypatch.setattr(
        "gedanken.training.scratch.collisions.validation.decoder.answer",
        lambda w, texts: [[v.AMOUNT, v.NONE] for _ in texts],
    )
    figures = validate(model, trials)
    assert figures.found == figures.found_held_out == 0.0
    assert figures.right is None
    monkeypatch.setattr(
        "gedanken.training.scratch.collisions.validation.decoder.answer",
        lambda w, texts: [v.encode_answer(trial.near, trial.gap, trial.manifold) for trial in trials],
    )
    figures = validate(model, trials)
    assert figures.found == figures.right == figures.found_held_out == figures.right_held_out == 1.0
    assert figures.found_of_all == figures.right_of_all == 1.0
    assert 0.8 < figures.found_by_sides <= 1.0
    assert 0.5 < figures.right_by_sides < 1.0
    assert figures.gap_error < 0.01
    assert figures.depth_error < 0.01
    assert figures.place_error < 0.3
    assert figures.turned == 0.0
