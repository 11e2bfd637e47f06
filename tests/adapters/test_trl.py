"""The environment classes under the contract of TRL's `environment_factory`."""

import inspect
import json
import pickle
import re

import pytest

from gedanken import UserError, tasks
from gedanken.adapters import trl
from gedanken.episode import REWARD_MODES, LocalEnv

FACTORIES = {"discover": trl.Discover, "predict": trl.Predict}
TOOLS = {"discover": "propose_law", "predict": "predict_frame"}


def call(env, answer):
    """Call the tool as a model would that means this answer."""
    if isinstance(env, trl.Predict):
        return env.predict_frame(frame=answer)
    try:
        law = json.loads(answer)
    except ValueError:
        return env.propose_law(equation=answer)
    return env.propose_law(equation=law["equation"], params=law["params"])


def test_the_same_answers_earn_the_same(case):
    env = FACTORIES[case.task]()
    for name, answer in case.answers.items():
        if name == "fenced":
            continue  # a tool call has no fence around it
        env.reset(prompt=[], **case.problem)
        assert env.get_reward() == 0.0
        call(env, answer)
        assert env.get_reward() == pytest.approx(case.expected[name], abs=1e-9), name


def test_an_episode(case):
    env = FACTORIES[case.task]()
    start = env.reset(**case.problem, max_turns=3, answer="a column of somebody else's")
    local = LocalEnv(case.task)
    asked = local.reset(**case.problem, max_turns=3).observation.prompt
    assert start == "\n\n" + local.task.for_tool(local.problem, asked)
    assert "2 turns are left" in call(env, "no idea") or case.task == "predict"
    over = call(env, case.answers["teacher"])
    assert over.endswith("The episode is over.")
    with pytest.raises(ValueError, match=r"^Episode over$"):
        call(env, case.answers["teacher"])
    assert env.get_reward() == pytest.approx(case.expected["teacher"], abs=1e-9)
    assert env.reset(**case.problem, max_turns=3) == start  # pooled: as good as new
    assert env.get_reward() == 0.0


@pytest.mark.parametrize("task", tasks.names())
@pytest.mark.parametrize("level", [1, 5])
def test_an_obedient_model_calls_the_tool(task, level):
    """Nothing that the model reads asks for a text: whoever answered with one would never reach the environment."""
    env = trl.environment_of(task)()
    texts = [env.reset(split="test", index=3, level=level, max_turns=4)]
    texts += [call(env, answer) for answer in ("", "no idea", '{"equation": "d2x/dt2 = 0", "params": {}}')]
    for text in texts:
        assert not re.search(r"json|answer with|write one", text, re.IGNORECASE), text[-600:]
    row = trl.request(task)
    assert TOOLS[task] in row
    if task == "discover":
        assert re.search(r'a call of the tool propose_law with equation "\S+ = \.\.\.', texts[0])
        assert all(text.endswith("left. Call propose_law again.") for text in texts[1:])
        assert "JSON object" in env._env.task.ask(env._env.problem)[0]["content"]


@pytest.mark.parametrize("task", tasks.names())
def test_a_text_without_a_call_earns_nothing(task):
    """TRL does not hand it to the environment, which has judged no answer then."""
    env = trl.environment_of(task)()
    env.reset(split="test", index=3)
    assert env.get_reward() == 0.0
    assert env.metrics == {"first": 0.0, "best": 0.0, "turns": 0.0, "solved": 0.0}


@pytest.mark.parametrize("mode", REWARD_MODES)
def test_the_reward_is_the_best_answers_in_every_reward_mode(mode, case):
    env = FACTORIES[case.task]()
    env.reset(**case.problem, reward_mode=mode, max_turns=3)
    for name in ("prose", "near", "prose"):
        call(env, case.answers[name])
    near = case.expected["near"]
    assert env.get_reward() == pytest.approx(near, abs=1e-9)
    assert env.metrics == {"first": 0.0, "best": pytest.approx(near), "turns": 3.0, "solved": 0.0}
    logged = {}
    assert trl.log_metrics(prompts=["", ""], environments=[env, env], log_metric=logged.__setitem__) == [None, None]
    assert logged == env.metrics


@pytest.mark.parametrize("params", [None, {}, [1], "k", {"k": "much"}, {"k": None}, {"k": {"k": 1}}, 3], ids=str)
def test_a_model_may_call_the_tool_with_anything(params):
    env = trl.Discover()
    env.reset(system_id="free_fall_drag", index=1)
    assert "scores 0" in env.propose_law("d2y/dt2 = -k", params)
    assert "scores 0" in env.propose_law({"d2y/dt2": "-k"}, params)
    assert env.get_reward() == 0.0


@pytest.mark.parametrize("task", FACTORIES)
def test_the_model_is_offered_one_tool_and_the_trainer_a_picklable_class(task):
    kind = FACTORIES[task]
    public = [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]
    assert sorted(public) == sorted([TOOLS[task], "get_reward", "reset"])
    assert pickle.loads(pickle.dumps(kind)) is kind


@pytest.mark.parametrize("task", FACTORIES)
def test_transformers_reads_the_tool(task):
    utils = pytest.importorskip("transformers.utils")
    schema = utils.get_json_schema(getattr(FACTORIES[task](), TOOLS[task]))["function"]
    first = {"discover": "equation", "predict": "frame"}[task]
    assert schema["parameters"]["required"] == [first]
    assert schema["parameters"]["properties"][first]["type"] == "string"
    assert all(each["description"] for each in schema["parameters"]["properties"].values())


@pytest.mark.parametrize("task", FACTORIES)
def test_the_data_set_names_problems_that_reset_poses(task):
    pytest.importorskip("datasets")
    rows = trl.make_dataset("val", 3, 5, task=task, level=2)
    assert rows.column_names == ["prompt", tasks.load(task).subject_option, "split", "index", "level"]
    assert rows.to_list() == trl.make_dataset("val", 3, 5, task=task, level=2).to_list()
    assert rows.to_list() == trl.make_dataset("val", 9, 5, task=task, level=2).to_list()[:3]
    assert rows.to_list() != trl.make_dataset("val", 3, 6, task=task, level=2).to_list()
    env = FACTORIES[task]()
    for row in rows:
        assert row["prompt"][-1]["role"] == "user"
        assert TOOLS[task] in row["prompt"][-1]["content"]
        assert len(env.reset(**row)) > 200
    with pytest.raises(UserError, match="no option noize"):
        trl.make_dataset(task=task, n=1, noize=1)


def make_tokenizer(transformers):
    """Bytes as tokens, with a chat template that TRL knows to parse."""
    from pathlib import Path

    import tokenizers
    import trl as library

    text = tokenizers.Tokenizer(
        tokenizers.models.BPE({c: i for i, c in enumerate(tokenizers.pre_tokenizers.ByteLevel.alphabet())}, [])
    )
    text.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    text.decoder = tokenizers.decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=text, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    tokenizer.chat_template = (Path(library.__file__).parent / "chat_templates" / "qwen3.jinja").read_text()
    return tokenizer


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_trainer_plays_episodes(tmp_path, monkeypatch):
    """GRPO on a tiny random model whose sampled text is replaced by tool calls, through TRL's own parsing and loop."""
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    library = pytest.importorskip("trl")
    transformers = pytest.importorskip("transformers")
    tokenizer = make_tokenizer(transformers)
    model = transformers.Qwen3ForCausalLM(
        transformers.Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
        )
    )
    rows = trl.make_dataset(n=1, max_turns=2)
    problem = {name: value for name, value in rows[0].items() if name != "prompt"}
    local = LocalEnv()
    local.reset(**problem)
    law = json.loads(local.task.solve(local.problem))
    laws = [{"equation": "no law"}, {"equation": law["equation"], "params": law["params"]}]
    config = library.GRPOConfig(
        str(tmp_path),
        per_device_train_batch_size=2,
        num_generations=2,
        max_steps=1,
        max_completion_length=4000,
        max_tool_calling_iterations=4,
        report_to=[],
        use_cpu=True,
        logging_steps=1,
        save_strategy="no",
    )

    class Scripted(library.GRPOTrainer):
        """The model's words are given; everything else is the trainer's."""

        asked = 0

        def _generate_single_turn(self, prompt_ids, *args, **kwargs):
            said = laws[min(self.asked, 1)]
            self.asked += 1
            call = f"<tool_call>\n{json.dumps({'name': 'propose_law', 'arguments': said})}\n</tool_call><|im_end|>"
            return [tokenizer(call)["input_ids"] for _ in prompt_ids], None

    trainer = Scripted(
        model,
        reward_funcs=trl.log_metrics,
        args=config,
        train_dataset=rows,
        processing_class=tokenizer,
        environment_factory=trl.Discover,
    )
    trainer.train()
    logged = next(row for row in trainer.state.log_history if "rewards/Discover/mean" in row)
    # The trainer averages in single precision.
    assert logged["rewards/Discover/mean"] == pytest.approx(local.step(laws[1]).reward, abs=1e-6)
    assert logged["rewards/Discover/mean"] == logged["reward"] > 0.9
    assert [logged[name] for name in ("first", "turns", "solved")] == [0.0, 2.0, 1.0]
    assert logged["tools/call_frequency"] >= 2
    assert [type(env) for env in trainer.environments] == [trl.Discover, trl.Discover]
