"""What odd endpoints answer, as a visitor reads it; and what they know and must not tell."""

import json

import pytest

KEY = "sk-visitor-0815-abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("sends:html", "did not answer in the form of chat completions but with a web page; is http://127.0.0.1"),
        ("sends:picture", "answered with 'image_url' instead of text"),
        ("sends:nochoices", "did not answer in the form of chat completions; its list of choices is empty"),
        ("sends:error", "did not answer in the form of chat completions (the model is loading)"),
        ("thinks", "reasoned for 14 characters and then gave no answer"),
        ("status:400", "refuses the request with status 400 (no such model)"),
        ("status:404", "does not know the model 'status:404', or http://127.0.0.1"),
        ("status:503", "failed with status 503 after 2 tries (no such model)"),
    ],
)
def test_an_odd_endpoint_is_one_sentence(target, hostile, model, sentence):
    name, end = target.play(hostile(model))[-1]
    assert (name, end["status"]) == ("end", "failed")
    assert sentence in end["error"]


@pytest.mark.parametrize(
    ("model", "text"), [("sends:json", "an answer in one piece"), ("sends:parts", "an answer in parts")]
)
def test_an_odd_answer_is_an_answer(target, hostile, model, text):
    events = target.play(hostile(model))
    assert next(data for name, data in events if name == "turn")["answer"] == text
    assert [data["text"] for name, data in events if name == "token"] == [text]


def test_reasoning_is_shown_while_it_is_written(target, hostile):
    events = target.play(hostile("thinks"))
    assert "".join(data["text"] for name, data in events if name == "reasoning") == "It is gravity."


@pytest.mark.parametrize("size", [1, 5, 21, 41])
def test_a_key_that_is_split_over_tokens_reaches_nobody(target, hostile, size):
    events = target.play(hostile(f"echo:{size}", api_key=KEY))
    expected = "Your key is [key], I think."
    assert "".join(data["text"] for name, data in events if name == "token") == expected
    assert next(data for name, data in events if name == "turn")["answer"] == expected
    assert KEY not in json.dumps(events)
    for path in target.folder.iterdir():
        assert KEY.encode() not in path.read_bytes(), path.name
