"""Real training of tiny random models: the same code and the same libraries as for large ones."""

import json
import shutil

import pytest

pytest.importorskip("trl")
torch = pytest.importorskip("torch")

from gedanken import tasks  # noqa: E402
from gedanken.errors import UserError  # noqa: E402
from gedanken.models import loading  # noqa: E402
from gedanken.models.backends import hf  # noqa: E402
from gedanken.training import grpo, session, trainer  # noqa: E402
from gedanken.training.options import GRPOOptions, SFTOptions  # noqa: E402
from gedanken.training.pairs import Source  # noqa: E402
from gedanken.training.run import RunFolder  # noqa: E402
from gedanken.training.scorer import Scorer  # noqa: E402
from gedanken.training.sft import train_sft  # noqa: E402

SMALL = {
    "subjects": ("free_fall",),
    "instances": 4,
    "conditions": {"rows": 4, "noise": 0.0},
    "lora_r": 4,
    "batch_size": 4,
    "eval_problems": 0,
    "bench_problems": 0,
    "warmup_steps": 1,
    "device": "cpu",
    "dtype": "float32",
    "learning_rate": 5e-3,
}


@pytest.fixture(scope="module")
def warm_start(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "sft"
    options = SFTOptions(model=str(tiny_model("llama")), output_dir=folder, max_steps=12, **SMALL)
    train_sft(options)
    return folder


def losses(folder):
    return [line["loss"] for line in RunFolder(folder).metrics() if line["kind"] == "train"]


def test_sft_lowers_the_loss_and_leaves_adapter_curves_and_card(warm_start):
    found = losses(warm_start)
    assert len(found) == 12
    # An adapter on random weights can only turn what the frozen embeddings give it, so the fall is small, but sure.
    assert found[-1] < found[0] - 0.05
    assert (warm_start / "model" / "adapter_model.safetensors").is_file()
    assert (warm_start / "curves.png").stat().st_size > 5000
    assert "supervised fine-tuning" in (warm_start / "README.md").read_text()


def test_without_an_adapter_all_weights_are_trained(tiny_model, tmp_path):
    plan = {**SMALL, "lora_r": 0}
    train_sft(SFTOptions(model=str(tiny_model("llama")), output_dir=tmp_path / "run", max_steps=12, **plan))
    found = losses(tmp_path / "run")
    assert sum(found[-3:]) < 0.85 * sum(found[:3])
    assert hf.load(str(tmp_path / "run" / "model"), max_tokens=2).tokenizer.chat_template


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["qwen2", "lfm2"])
def test_sft_trains_the_seeds_architectures(tiny_model, tmp_path, architecture):
    options = SFTOptions(model=str(tiny_model(architecture)), output_dir=tmp_path / "run", max_steps=8, **SMALL)
    train_sft(options)
    found = losses(tmp_path / "run")
    assert sum(found[-2:]) < sum(found[:2])
    assert hf.load(f"{tiny_model(architecture)}+{tmp_path / 'run' / 'model'}", max_tokens=4).name.endswith("+model")


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_weights(tiny_model, tmp_path):
    plan = {**SMALL, "model": str(tiny_model("llama")), "lora_dropout": 0.0, "max_steps": 6, "save_steps": 3}
    train_sft(SFTOptions(output_dir=tmp_path / "whole", **plan))
    original = session.make_recorder

    class KilledError(Exception):
        pass

    def dies(options, folder, tokenizer, progress):
        callback = original(options, folder, tokenizer, progress)
        logged = callback.on_log

        def on_log(args, state, control, **rest):
            if state.global_step == 5:
                raise KilledError
            logged(args, state, control, **rest)

        callback.on_log = on_log
        return callback

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "make_recorder", dies)
        with pytest.raises(KilledError):
            train_sft(SFTOptions(output_dir=tmp_path / "killed", **plan))
    assert RunFolder(tmp_path / "killed").last_checkpoint().name == "checkpoint-3"
    train_sft(SFTOptions(output_dir=tmp_path / "killed", resume=True, **plan))
    assert losses(tmp_path / "killed") == pytest.approx(losses(tmp_path / "whole"), abs=1e-6)
    from safetensors.torch import load_file

    ours, theirs = (load_file(tmp_path / name / "model" / "adapter_model.safetensors") for name in ("killed", "whole"))
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor)


def test_a_loss_that_is_not_a_number_stops_the_run(tiny_model, tmp_path):
    options = SFTOptions(
        model=str(tiny_model("llama")), output_dir=tmp_path / "run", max_steps=4, **{**SMALL, "learning_rate": 1e30}
    )
    with pytest.raises(trainer.TrainingStopped, match=r"not a number at step .*lower --learning-rate"):
        train_sft(options)
    assert all(line.get("loss") is not None for line in RunFolder(tmp_path / "run").metrics())


def test_examples_that_would_be_cut_are_refused(tiny_model, tmp_path):
    options = SFTOptions(
        model=str(tiny_model("llama")), output_dir=tmp_path / "run", max_steps=1, max_seq_length=64, **SMALL
    )
    with pytest.raises(UserError, match="more than --max-seq-length 64"):
        train_sft(options)


@pytest.mark.slow
def test_grpo_over_turns_answers_what_was_said(tiny_model, warm_start, tmp_path):
    options = GRPOOptions(
        model=str(tiny_model("llama")),
        sft_checkpoint=warm_start,
        output_dir=tmp_path / "rl",
        num_steps=6,
        max_new_tokens=24,
        turns=4,
        replace_flat=0,
        **SMALL,
    )
    grpo.train_grpo(options)
    train = [line for line in RunFolder(tmp_path / "rl").metrics() if line["kind"] == "train"]
    assert train[0]["turn"] == 1.0
    assert max(line["turn"] for line in train) > 1.0
    samples = [json.loads(line) for line in (tmp_path / "rl" / "samples.jsonl").read_bytes().splitlines()]
    assert any(sample.get("earlier") for sample in samples)


@pytest.mark.parametrize("more", [{"multi_turn": True}, {"vllm": "on"}])
def test_turns_are_played_by_the_merged_policy_alone(tmp_path, more):
    with pytest.raises(UserError, match="--turns plays by the merged policy"):
        GRPOOptions(model="x", output_dir=tmp_path, turns=2, **more)


@pytest.mark.slow
def test_grpo_goes_on_from_sft_and_logs_every_term_and_the_clock(tiny_model, warm_start, tmp_path):
    options = GRPOOptions(
        model=str(tiny_model("llama")),
        sft_checkpoint=warm_start,
        output_dir=tmp_path / "rl",
        num_steps=3,
        max_new_tokens=24,
        **{**SMALL, "eval_problems": 1, "bench_problems": 1},
    )
    grpo.train_grpo(options)
    lines = RunFolder(tmp_path / "rl").metrics()
    train = [line for line in lines if line["kind"] == "train"]
    assert len(train) == 3
    for term in tasks.load("discover", mode="training").weights:
        assert f"rewards/{term}/mean" in train[0]
    assert "rewards/progress/mean" not in train[0]
    assert train[0]["time/generation"] > 0
    assert train[0]["time/scoring"] > 0
    assert [line["step"] for line in lines if line["kind"] == "eval"] == [0, 3]
    card = (tmp_path / "rl" / "README.md").read_text()
    assert "Time of a step: generation" in card
    (bench,) = [line for line in lines if line["kind"] == "bench"]
    assert (bench["suite"], bench["n"]) == ("seed8", 8)
    assert "## The suite seed8" in card
    assert len(list((tmp_path / "rl" / "bench").glob("*.jsonl"))) == 1
    assert train[0]["asked/reward"] >= 0
    samples = [json.loads(line) for line in (tmp_path / "rl" / "samples.jsonl").read_bytes().splitlines()]
    assert sum(sample["kind"] == "train" for sample in samples) == 12
    assert all("reward" in sample for sample in samples)


def test_grpo_trains_without_the_dropout_of_the_warm_starts_adapter(tiny_model, warm_start, tmp_path, monkeypatch):
    """Answers are sampled from a merged copy, which has no dropout; the policy must be the same."""

    class ReachedError(Exception):
        pass

    def stop(grpo, folder, options):
        raise ReachedError(max(layer.p for layer in grpo.model.modules() if isinstance(layer, torch.nn.Dropout)))

    monkeypatch.setattr(trainer, "run_trainer", stop)
    config = json.loads((warm_start / "model" / "adapter_config.json").read_bytes())
    assert config["lora_dropout"] > 0
    options = {"model": str(tiny_model("llama")), "sft_checkpoint": warm_start, **SMALL}
    with pytest.raises(ReachedError) as reached:
        grpo.train_grpo(GRPOOptions(output_dir=tmp_path / "rl", **options))
    assert reached.value.args == (0.0,)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["discover", "predict"])
def test_whole_episodes_are_trained_through_the_environment(tiny_model, tmp_path, task):
    from transformers import AutoTokenizer
    from trl.chat_template_utils import qwen2_5_chat_template

    folder = tmp_path / "with-tools"
    shutil.copytree(tiny_model("qwen2"), folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = qwen2_5_chat_template
    tokenizer.save_pretrained(folder)
    plan = {**SMALL, "task": task}
    if task == "predict":
        plan |= {"subjects": ("billiards",), "conditions": {"level": 1}}
    grpo.train_grpo(
        GRPOOptions(
            model=str(folder), output_dir=tmp_path / "run", num_steps=1, max_new_tokens=8, multi_turn=True, **plan
        )
    )
    (line,) = [line for line in RunFolder(tmp_path / "run").metrics() if line["kind"] == "train"]
    assert any(name.startswith("rewards/") and name.endswith("/mean") for name in line)
    with pytest.raises(UserError, match="chat template with tools"):
        grpo.train_grpo(
            GRPOOptions(
                model=str(tiny_model("llama")), output_dir=tmp_path / "none", num_steps=1, multi_turn=True, **plan
            )
        )


def test_rewards_are_the_tasks_own_to_the_last_digit():
    source = Source("discover", ("damped_spring", "free_fall"), 2, options={"rows": 8})
    judge = tasks.load("discover", mode="training")
    problems = list(source.problems(judge))
    answers = [judge.solve(problems[0]), '{"equation": "d2y/dt2 = -g", "params": {"g": 9}}', "no idea", "{}"]
    scorer = Scorer(judge, source)
    subject, index = zip(*source.keys(), strict=True)
    completions = [[{"role": "assistant", "content": answer}] for answer in answers]
    verdicts = [judge.verify(problem, answer) for problem, answer in zip(problems, answers, strict=True)]
    for reward in scorer.rewards():
        given = reward(prompts=[None] * 4, completions=completions, subject=subject, index=index)
        assert given == pytest.approx([verdict.terms[reward.__name__] for verdict in verdicts], abs=1e-9)
    assert [reward.__name__ for reward in scorer.rewards()] == list(judge.weights)
    assert scorer.weights() == list(judge.weights.values())


def test_a_batch_is_scored_once_however_many_terms_ask():
    source = Source("discover", ("free_fall",), 1)
    judge = tasks.load("discover", mode="training")
    calls = []
    batch = judge.verify_batch
    judge.verify_batch = lambda problems, answers: calls.append(len(answers)) or batch(problems, answers)
    scorer = Scorer(judge, source)
    for reward in scorer.rewards():
        reward(prompts=[None] * 2, completions=["a", "b"], subject=["free_fall"] * 2, index=[0, 0])
    assert calls == [2]


def test_a_term_that_raises_stops_the_run():
    source = Source("discover", ("free_fall",), 1)
    judge = tasks.load("discover", mode="training")

    def fails(problems, answers):
        raise ZeroDivisionError("a term is broken")

    judge.verify_batch = fails
    scorer = Scorer(judge, source)
    with pytest.raises(ZeroDivisionError):
        scorer.rewards()[0](prompts=[None], completions=["a"], subject=["free_fall"], index=[0])


def test_group_sizes_that_do_not_divide_a_step_are_refused(tmp_path):
    with pytest.raises(UserError, match="a multiple of --num-generations 4"):
        GRPOOptions(model="m", output_dir=tmp_path, batch_size=6)
    with pytest.raises(UserError, match="at least 2"):
        GRPOOptions(model="m", output_dir=tmp_path, num_generations=1)


def test_an_adapter_on_the_wrong_base_is_refused_in_one_sentence(tiny_model, warm_start):
    with pytest.raises(UserError, match="does not fit the base"):
        hf.open_model(loading.Weights(str(tiny_model("lfm2")), str(warm_start / "model")))


def test_prompts_that_leave_no_room_for_an_answer_are_refused(tiny_model, tmp_path):
    folder = tmp_path / "short"
    shutil.copytree(tiny_model("llama"), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 300}))
    options = GRPOOptions(model=str(folder), output_dir=tmp_path / "run", max_new_tokens=24, **SMALL)
    with pytest.raises(UserError, match=r"the longest prompt has \d+ tokens and an answer up to 24 .* reads 300"):
        grpo.train_grpo(options)


def test_running_out_of_memory_says_which_option_to_lower(tmp_path):
    options = SFTOptions(model="m", output_dir=tmp_path, batch_size=8)
    for error in (torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory: 8 GB")):
        with pytest.raises(UserError, match=r"lower --batch-size \(now 8\)"), trainer.memory_advice(options):
            raise error
    with pytest.raises(RuntimeError, match="shapes"), trainer.memory_advice(options):
        raise RuntimeError("shapes do not match")


def test_a_tracker_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install trackio"):
        trainer._require_tracker("trackio")
