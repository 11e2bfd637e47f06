"""Reinforcement of a decoder of laws: groups of answers, their probabilities, and a short run."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gedanken.cli.main import run
from gedanken.errors import UserError
from gedanken.loop import Verdict
from gedanken.models import find_folder
from gedanken.models.laws import decoder
from gedanken.models.llama.forward import times
from gedanken.models.llama.weights import Texts
from gedanken.tasks.discover.task import DiscoverTask

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from gedanken.training.run import RunFolder  # noqa: E402
from gedanken.training.scratch.laws.groups import Group, Policy, log_probabilities  # noqa: E402
from gedanken.training.scratch.laws.options import ReinforceOptions  # noqa: E402
from gedanken.training.scratch.laws.reinforce import reinforce_laws  # noqa: E402

MODEL = find_folder("gedanken-laws", "discover")


class Unsolvable(DiscoverTask):
    """No answer ends an episode."""

    def verify(self, problem, answer, turns=()):
        return replace(super().verify(problem, answer, turns), solved=False)


@pytest.fixture(scope="module")
def player():
    return decoder.load(MODEL)


@pytest.fixture(scope="module")
def groups(player):
    weights, vocabulary = player
    problem = DiscoverTask().pose("damped_spring", split="train", index=3, rows=16, noise=0.02)
    return Policy(weights, vocabulary, 3, 1.0).play(Unsolvable(mode="training"), problem, 3, np.random.default_rng(1))


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    return ReinforceOptions(
        output_dir=tmp_path_factory.mktemp("runs") / "rl", subjects=("logistic",), favoured=0.0, drawn=0.0,
        steps=2, problems=1, num_generations=3, turns=2, validation_problems=1, threads=1, checkpoint_steps=1, beta=0.1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def model(options):
    return reinforce_laws(options)


def test_answers_of_a_group_are_those_that_are_drawn_one_by_one(player):
    weights, vocabulary = player
    text = vocabulary.encode(["x0", "mean", "0.5", "std", "1.25"])
    alone = decoder.say(weights, vocabulary, text, most=9)
    assert decoder.say_several(weights, vocabulary, text, 3, most=9) == [alone] * 3
    drawn = decoder.say_several(weights, vocabulary, text, 4, 1.0, np.random.default_rng(0), most=9)
    assert len({tuple(each) for each in drawn}) > 1


def test_groups_go_on_from_one_failed_answer(groups):
    assert [group.turn for group in groups] == [1, 2, 3]
    first, second, third = groups
    assert len(first.said) == len(first.answers) == len(first.verdicts) == 3
    assert tuple(second.text[: len(first.text)]) == tuple(first.text)
    assert len(first.text) < len(second.text) < len(third.text)
    assert first.advantages().sum() == pytest.approx(0.0, abs=1e-9)
    for answer, allowed in zip(first.answers, first.allowed, strict=True):
        assert allowed[np.arange(len(answer)), list(answer)].all()


def test_a_law_that_was_proposed_before_earns_nothing(player):
    weights, vocabulary = player
    problem = DiscoverTask().pose("spring_mass", split="train", index=3, rows=16, noise=0.02)

    class Parrot(DiscoverTask):
        """Whatever is answered is the same law."""

        def verify(self, problem, answer, turns=()):
            return super().verify(problem, '{"equation": "d2x/dt2 = -k*x", "params": {"k": 1.0}}', turns)

    first, second = Policy(weights, vocabulary, 2, 1.0).play(
        Parrot(mode="training"), problem, 2, np.random.default_rng(0)
    )
    assert first.rewards.min() > 0
    assert not first.teaches
    assert (second.rewards == 0).all()


def test_probabilities_are_those_of_the_decoder_that_plays(player, groups):
    weights, _ = player
    theirs = transformers.AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32, attn_implementation="sdpa")
    group = groups[1]
    with torch.no_grad():
        found = log_probabilities(theirs, group, 1.0)
    for answer, allowed, logs in zip(group.answers, group.allowed, found, strict=True):
        read = Texts(weights, 1, len(group.text) + len(answer))
        fed = list(group.text)
        for token, may, log in zip(answer, allowed, logs.tolist(), strict=True):
            logits = np.where(may, times(read.read([0], [fed]), weights.head)[0].astype(float), -np.inf)
            shares = np.exp(logits - logits.max())
            assert log == pytest.approx(np.log(shares[token] / shares.sum()), abs=2e-2)
            fed = [token]


def test_an_update_makes_the_better_answer_likelier(groups, options):
    from gedanken.training.scratch.laws.reinforce import update
    from gedanken.training.scratch.optimizer import make_optimizer

    theirs = transformers.AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32, attn_implementation="sdpa")
    group = replace_rewards(groups[0], [1.0, 0.0, 0.0])

    def ahead():
        with torch.no_grad():
            said = [float(each.sum()) for each in log_probabilities(theirs, group, 1.0)]
        return said[0] - np.mean(said[1:])

    before = ahead()
    loss, _ = update(theirs, None, make_optimizer(theirs, options), [group], 1e-3, options)
    assert np.isfinite(loss)
    assert ahead() > before + 0.1
    flat = replace_rewards(group, [0.5, 0.5, 0.5])
    kept = ahead()
    assert update(theirs, None, make_optimizer(theirs, options), [flat], 1e-3, options) == (0.0, 0.0)
    assert ahead() == kept


def replace_rewards(group, rewards):
    verdicts = [Verdict({"match": each}, {"match": 1.0}, False, "") for each in rewards]
    return Group(group.text, group.answers, group.allowed, group.said, verdicts)


def test_a_short_run_is_measured_resumed_and_its_samples_can_be_scored_again(options, model, monkeypatch, capsys):
    folder = RunFolder(options.output_dir)
    train, checks = folder.metrics("train"), folder.metrics("validation")
    assert [line["step"] for line in train] == [1, 2]
    assert [line["step"] for line in checks] == [0, 2]
    # The model and its reference are the same before the first update.
    assert train[0]["kl"] == pytest.approx(0.0, abs=1e-6)
    assert {"asked/match", "rewards/match/mean", "reward_std", "turn/1/match"} <= set(train[0])
    card = (options.output_dir / "README.md").read_text()
    assert "discover by GRPO" in card
    assert "Time of a step: generation" in card
    assert "waiting for data" not in card
    assert 0.0 < train[0]["time/scoring"] < train[0]["time/generation"] < train[0]["step_seconds"]
    assert (options.output_dir / "curves.png").is_file()
    monkeypatch.setattr("sys.argv", ["gedanken", "score", "discover", str(options.output_dir / "samples.jsonl")])
    with pytest.raises(SystemExit) as end:
        run()
    assert not end.value.code
    assert "recorded rewards are the same" in capsys.readouterr().err
    rows = (options.output_dir / "samples.jsonl").read_text().splitlines()
    assert len(rows) >= 2 * 3
    assert {len(json.loads(row).get("earlier", ())) for row in rows} == {0, 1}
    assert reinforce_laws(replace(options, resume=True)) == model
    more = reinforce_laws(replace(options, resume=True, steps=3))
    assert [line["step"] for line in RunFolder(more.parent).metrics("train")] == [1, 2, 3]
    with pytest.raises(UserError, match="holds a run"):
        reinforce_laws(options)
    with pytest.raises(UserError, match="held out"):
        reinforce_laws(replace(options, output_dir=options.output_dir.with_name("x"), subjects=("projectile_drag",)))
