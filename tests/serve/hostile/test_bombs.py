"""What is small on the wire and large in memory, and what is nested too deeply, from endpoints and from clients."""

import gzip
import json

import pytest

LIMIT = 100  # MB; a bomb of 600 MB that is opened whole takes several times its size


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("bomb:200", "sent more than 16 MiB"),
        ("bomb:400", "refuses the request with status 400"),
        ("bomb:500", "failed with status 500"),
        ("flood", "sent more than 16 MiB"),
        ("values", "sent JSON of more than 262144 values"),
        ("tokens:200000", "sent more than 3000 pieces where 500 tokens were asked for"),
        ("brackets:json", "sent JSON that is nested too deeply"),
        ("brackets:stream", "sent JSON that is nested too deeply"),
    ],
)
def test_an_endpoint_cannot_fill_the_memory(target, hostile, model, sentence):
    with target.memory_limit(LIMIT):
        events = target.play(hostile(model, max_tokens=500))
    assert events[-1][1]["status"] == "failed"
    assert sentence in events[-1][1]["error"]
    assert target.call("/health").status == 200


def test_a_rain_of_tokens_is_joined(target, hostile):
    with target.memory_limit(LIMIT):
        events = target.play(hostile("tokens:5000"))
    assert events[-1][1]["status"] == "finished"
    tokens = [data["text"] for name, data in events if name == "token"]
    assert "".join(tokens) == "x" * 5_000
    assert len(tokens) < 1500


PATHS = ("/api/problems", "/api/episodes", "/api/comparisons", "/api/rollouts")


@pytest.mark.parametrize("path", PATHS)
def test_nested_requests_are_refused(target, path):
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        for depth in (90, 300, 900, 1500, 20_000):
            nested = opening * depth + "1" + closing * depth
            for body in (nested, f'{{"problem": {{"options": {nested}}}, "player": {nested}}}'):
                reply = target.call(path, raw=body.encode())
                assert reply.status == 422
                assert len(reply.json["detail"]) < 600
        assert target.call(path, raw=opening.encode() * 50_000).status in (400, 422)


def test_brackets_in_a_string_are_text(target):
    reply = target.call("/api/problems", {"subject": "[" * 80 + '\\"{' * 80})
    assert reply.status == 422
    assert "nested" not in reply.json["detail"]
    assert target.call("/api/problems", {"subject": "free_fall", "options": {"hint": "full"}}).status in (200, 422)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_compressed_requests_are_refused(target, path, encoding):
    body = gzip.compress(json.dumps({"a": " " * 50_000_000}).encode())
    with target.memory_limit(LIMIT):
        reply = target.call(path, raw=body[:200_000], headers={"Content-Encoding": encoding})
    assert reply.status == 415
    assert "uncompressed" in reply.json["detail"]
