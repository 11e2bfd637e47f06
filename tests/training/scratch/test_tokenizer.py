import pytest

from gedanken.training.scratch.tokenizer import END, END_ID, PAD, PAD_ID, build, wrap
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.text import Prompt, corrections

pytest.importorskip("tokenizers")


@pytest.fixture(scope="module")
def tokenizer():
    return build()


@pytest.mark.parametrize("name", scenarios.names())
def test_prompt_and_target_are_the_same_together_and_apart(tokenizer, name):
    states = record(scene := scenarios.pose(name, 1, split="test"), frames=40).states
    prompt = Prompt(corrections.Header.of(scene), states[30:32], 30)
    question, answer = corrections.write_prompt(prompt), corrections.write_target(prompt, states[32])
    opening = corrections.write_header(prompt.header)
    parts = [opening, question.removeprefix(opening), answer]
    whole = tokenizer.encode(question + answer).ids
    assert whole == [number for part in parts for number in tokenizer.encode(part).ids]
    assert tokenizer.decode(whole) == question + answer


def test_digits_are_single_and_field_names_whole(tokenizer):
    tokens = tokenizer.encode(
        "0: p -0.01,0.5 v 12.5,3 a 1 w 0\nFrame 12 corrections\nBody 3: circle r=7 f=0.5\n"
    ).tokens
    blank, line = "Ġ", "Ċ"
    assert tokens[:9] == ["0", f":{blank}", f"p{blank}", "-", "0", ".", "0", "1", ","]
    for word in (f"{blank}v{blank}", f"{blank}a{blank}", f"{blank}w{blank}", f"Frame{blank}", f"{blank}corrections"):
        assert word in tokens
    assert {f"Body{blank}", "circle", f"{blank}r=", f"{blank}f=", line} <= set(tokens)


@pytest.mark.parametrize("text", ["", "Ünïcödé 物理 \t\r\n", "About: zyzzyva!", f"say {END[:4]} aloud", "v-1 p. 0:0"])
def test_any_text_survives(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


def test_the_same_tokenizer_every_time(tokenizer):
    assert build().to_str() == tokenizer.to_str()


def test_held_out_scenarios_taught_no_word(tokenizer):
    spoken = {token.strip("Ġ") for token in tokenizer.get_vocab()}
    assert "hourglass" not in spoken
    assert "funnel" in spoken


def test_transformers_loads_it(tokenizer, tmp_path):
    transformers = pytest.importorskip("transformers")
    wrap(tokenizer).save_pretrained(tmp_path)
    loaded = transformers.AutoTokenizer.from_pretrained(tmp_path)
    text = "Frame 12 corrections\n0: p -0.0100,0.5000 v 12.5000,3.0000\nend\n"
    assert loaded(text).input_ids == tokenizer.encode(text).ids
    assert loaded.decode(loaded(text).input_ids, skip_special_tokens=True) == text
    assert loaded.chat_template is None
    assert (loaded.eos_token, loaded.eos_token_id) == (END, END_ID)
    assert (loaded.pad_token, loaded.pad_token_id) == (PAD, PAD_ID)
