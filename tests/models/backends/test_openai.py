"""The backend against a real server on this machine, which fails in every way that servers fail."""

import contextlib
import gc
import gzip
import json
import logging
import socket
import threading
import time
import traceback
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gedanken import models
from gedanken.errors import PlayerError, UserError
from gedanken.loop import Player, Question

openai = pytest.importorskip("openai")

KEY = "sk-test-4711-abcdefghijklmnopqrstuvwxyz"
QUESTION = Question([{"role": "system", "content": "You are terse."}, {"role": "user", "content": "What falls?"}], None)
ENVIRONMENT = ("OPENAI_API_KEY", "HF_TOKEN", "HUGGINGFACE_API_KEY", "OPENROUTER_API_KEY")
ENVIRONMENT += ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS", "OPENAI_BASE_URL", "OPENAI_ADMIN_KEY")


def completion(text, finish="stop", **message):
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    return {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}


def chunk(text, finish=None):
    choice = {"index": 0, "finish_reason": finish, "delta": {"content": text}}
    return "data: " + json.dumps(
        {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
    )


STREAM = [chunk("Apples "), ": keep-alive", chunk("fall."), chunk(None, "stop"), "data: [DONE]"]


class Endpoint(ThreadingHTTPServer):
    """Answers each request with the next of its replies (the last one again and again) and keeps what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies, self.bodies, self.headers = [], [], []
        self.closing = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request, client_address):
        """A client that hangs up is what some tests want."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server = self.server
        server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        server.headers.append({name.lower(): value for name, value in self.headers.items()})
        reply = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
        reply(self)

    def log_message(self, *args):
        pass


def says(content, status=200, kind="application/json", **headers):
    def reply(handler):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(data), "retry-after-ms": 5, **headers}.items():
            handler.send_header(name, str(value))
        handler.end_headers()
        handler.wfile.write(data)

    return reply


def bomb(megabytes):
    """So many MiB of blanks inside a few kB of gzip."""
    pressed = zlib.compressobj(9, wbits=31)
    return b"".join([*(pressed.compress(b" " * (1 << 20)) for _ in range(megabytes)), pressed.flush()])


def fails(status, message="no", **fields):
    return says({"error": {"message": message, **fields}}, status)


def streams(*lines, cut=False, pause=0.0):
    def reply(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for line in lines:
            data = (line + "\n\n").encode()
            handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            handler.wfile.flush()
            handler.server.closing.wait(pause)
        if cut:
            handler.connection.shutdown(socket.SHUT_RDWR)
        else:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    return reply


def hangs(handler):
    handler.server.closing.wait(20)
    handler.close_connection = True


def drips(handler):
    """Sends a byte every 50 ms, for ever: no pause is long, the answer never comes."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while not handler.server.closing.wait(0.05):
            handler.wfile.write(b" ")
    handler.close_connection = True


def floods(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while not handler.server.closing.is_set():
            handler.wfile.write(b" " * 1_000_000)
    handler.close_connection = True


@pytest.fixture
def endpoint(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ask(endpoint):
    """Ask the endpoint through the backend, as a person's options say."""
    players = []

    def ask(*replies, **options):
        endpoint.replies[:] = replies
        players.append(models.load("openai:m", base_url=endpoint.url, **{"api_key": KEY, "timeout": 5, **options}))
        return players[-1].answer(QUESTION)

    yield ask
    for player in players:
        player.close()


# ---- answers ----


def test_the_messages_are_sent_and_the_answer_comes_back(ask, endpoint):
    assert (
        ask(says(completion("Apples fall.")), temperature=0.5, seed=7, stop=["\n"], extra={"top_k": 3})
        == "Apples fall."
    )
    assert endpoint.bodies == [
        {
            "model": "m",
            "messages": QUESTION.messages,
            "stream": False,
            "temperature": 0.5,
            "max_tokens": 4096,
            "seed": 7,
            "stop": ["\n"],
            "top_k": 3,
        }
    ]
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_stream_is_the_same_answer_in_pieces(ask, endpoint):
    pieces = []
    assert ask(streams(*STREAM), on_token=pieces.append) == "Apples fall."
    assert pieces == ["Apples ", "fall."]
    assert endpoint.bodies[0]["stream"] is True


def test_pieces_arrive_while_the_answer_is_written(ask):
    times = []
    ask(streams(*STREAM, pause=0.1), on_token=lambda _: times.append(time.monotonic()))
    assert times[1] - times[0] > 0.15


def test_a_refusal_is_an_answer(ask):
    assert ask(says(completion(None, refusal="I will not."))) == "I will not."


def test_a_truncated_answer_is_an_answer(ask):
    assert ask(says(completion("Apples f", finish="length"))) == "Apples f"


@pytest.mark.parametrize("stream", [False, True])
def test_it_tries_again(ask, endpoint, stream):
    good = streams(*STREAM) if stream else says(completion("Apples fall."))
    assert ask(fails(429), fails(500), good, stream=stream) == "Apples fall."
    assert len(endpoint.bodies) == 3


def test_one_player_serves_many_threads(ask, endpoint):
    endpoint.replies[:] = [says(completion("Apples fall."))]
    answers = []
    with contextlib.closing(models.load("openai:m", base_url=endpoint.url)) as player:
        assert isinstance(player, Player)
        threads = [threading.Thread(target=lambda: answers.append(player.answer(QUESTION))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == ["Apples fall."] * 8


def test_what_reasoning_models_refuse_is_left_out_and_not_tried_again(ask, endpoint):
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    endpoint.replies[:] = [
        fails(400, message, param="max_tokens", code="unsupported_parameter"),
        fails(
            400, "Unsupported value: 'temperature' does not support 0.5", param="temperature", code="unsupported_value"
        ),
        fails(422, "Extra inputs are not permitted: seed"),
        says(completion("Apples fall.")),
    ]
    player = models.load("openai:m", base_url=endpoint.url, temperature=0.5, max_tokens=99, seed=1)
    assert [player.answer(QUESTION), player.answer(QUESTION)] == ["Apples fall."] * 2
    assert len(endpoint.bodies) == 5
    assert set(endpoint.bodies[-1]) == {"model", "messages", "stream", "max_completion_tokens"}
    assert endpoint.bodies[-1]["max_completion_tokens"] == 99
    player.close()


def test_a_model_that_may_not_stream_is_asked_without(ask, endpoint):
    refusal = fails(
        400, "Your organization must be verified to stream this model.", param="stream", code="unsupported_value"
    )
    pieces = []
    assert ask(refusal, says(completion("Apples fall.")), on_token=pieces.append) == "Apples fall."
    assert pieces == ["Apples fall."]


# ---- failures: one sentence, no key, no chain that could hold it ----

FAILURES = {
    "401": ([fails(401, f"Incorrect API key provided: {KEY}")], {}, "127.0.0.1 refuses the key"),
    "401 masked": (
        [fails(401, f"Incorrect API key provided: {KEY[:12]}****{KEY[-12:]}")],
        {},
        "127.0.0.1 refuses the key",
    ),
    "401 no key": ([fails(401)], {"api_key": None}, "127.0.0.1 asks for a key; pass api_key"),
    "403": ([fails(403, f"{KEY} has no rights")], {}, "127.0.0.1 does not let this key use m"),
    "404": ([fails(404, "model m not found")], {}, "does not know the model 'm', or http://127.0.0.1"),
    "404 page": ([says(b"<html><h1>404</h1></html>", 404, "text/html")], {}, "is not its API"),
    "400": (
        [fails(400, f"context too long for {KEY}")],
        {},
        "refuses the request with status 400 (context too long for [key])",
    ),
    "400 part of the key": ([fails(400, f"bad '{KEY[5:20]}'")], {}, "refuses the request with status 400 (bad [key])"),
    "429": ([fails(429, "quota")], {}, "asks to slow down, or the quota is used up after 3 tries (quota)"),
    "500": ([fails(500, "oops")], {}, "127.0.0.1 failed with status 500 after 3 tries (oops)"),
    "hang": ([hangs], {"timeout": 0.3, "retries": 0}, "127.0.0.1 did not answer within 0.3 s"),
    "drip": ([drips], {"timeout": 0.4, "retries": 0}, "127.0.0.1 did not answer within 0.4 s"),
    "flood": ([floods], {"timeout": 20, "retries": 0}, "127.0.0.1 sent more than 16 MiB"),
    "empty": ([says(completion(""))], {}, "m gave an empty answer"),
    "no content": ([says(completion(None, finish="length"))], {}, "m used up max_tokens before it wrote an answer"),
    "filtered": ([says(completion(None, finish="content_filter"))], {}, "127.0.0.1 filtered the answer of m"),
    "no choices": ([says({"choices": []})], {}, "did not answer in the form of chat completions"),
    "odd choices": ([says({"choices": ["x"]})], {}, "did not answer in the form of chat completions"),
    "a web page": (
        [says(b"<html>hello</html>", 200, "text/html")],
        {},
        "did not answer in the form of chat completions",
    ),
    "broken JSON": ([says(b'{"choices": [', 200)], {}, "127.0.0.1"),
    "no reply": ([says(b"null")], {}, "did not answer in the form of chat completions"),
    "cut stream": ([streams(*STREAM[:3], cut=True)], {"stream": True}, "127.0.0.1 broke the connection off"),
    "ended stream": ([streams(*STREAM[:3])], {"stream": True}, "broke off its answer after 12 characters"),
    "garbage stream": ([streams(STREAM[0], "data: {not json")], {"stream": True}, "not a stream of chat completions"),
    "odd stream": (
        [streams('data: "hello"', "data: [1]")],
        {"stream": True},
        "broke off its answer after 0 characters",
    ),
    "slow stream": (
        [streams(*STREAM * 9, pause=0.1)],
        {"stream": True, "timeout": 0.35},
        "did not answer within 0.35 s",
    ),
    "error in stream": (
        [streams('data: {"error": {"message": "CUDA out of memory"}}')],
        {"stream": True},
        "(CUDA out of memory)",
    ),
    "gzip bomb": ([says(bomb(64), **{"Content-Encoding": "gzip"})], {}, "127.0.0.1 sent more than 16 MiB"),
    "gzip bomb in a stream": (
        [says(bomb(64), kind="text/event-stream", **{"Content-Encoding": "gzip"})],
        {"stream": True},
        "127.0.0.1 sent more than 16 MiB",
    ),
    "gzip bomb in an error": (
        [says(bomb(64), 400, **{"Content-Encoding": "gzip"})],
        {},
        "127.0.0.1 refuses the request with status 400",
    ),
    "no gzip": ([says(b"{}", **{"Content-Encoding": "gzip"})], {}, "sent a body that is not the compressed data"),
    "another encoding": ([says(b"{}", **{"Content-Encoding": "br"})], {}, "in the encoding 'br', which was not asked"),
    "brackets": ([says(b"[" * 100_000)], {}, "127.0.0.1 sent JSON that is nested too deeply"),
    "brackets in a stream": (
        [streams(STREAM[0], "data: " + "[" * 100_000)],
        {"stream": True},
        "127.0.0.1 sent JSON that is nested too deeply",
    ),
    "brackets in an error": ([says(b"[" * 60_000, 400)], {}, "refuses the request with status 400"),
    "many values": ([says(b"[" + b"{}," * 400_000 + b"{}]")], {}, "sent JSON of more than 262144 values"),
    "many values over lines": ([says(b"[" + b"{},\n" * 400_000 + b"{}]")], {}, "sent JSON of more than 262144 values"),
    "many values in a stream": (
        [streams("data: [" + "{}," * 400_000 + "{}]")],
        {"stream": True},
        "sent JSON of more than 262144 values",
    ),
    "a web page for a stream": (
        [says(b"<!doctype html><html>hello</html>", 200, "text/html")],
        {"stream": True},
        "did not answer in the form of chat completions but with a web page; is http://127.0.0.1",
    ),
    "an error for a stream": (
        [says({"error": {"message": "model is loading"}})],
        {"stream": True},
        "did not answer in the form of chat completions (model is loading)",
    ),
    "broken JSON for a stream": ([says(b'{"choices": [')], {"stream": True}, "not a stream of chat completions"),
    "no choices for a stream": ([says({"choices": []})], {"stream": True}, "its list of choices is empty"),
    "no choices in a stream": (
        [streams('data: {"choices": []}', "data: [DONE]")],
        {"stream": True},
        "choices are empty",
    ),
    "text for a stream": (
        [says(b"The model is loading.", kind="text/plain")],
        {"stream": True},
        "127.0.0.1 sent no stream of chat completions",
    ),
    "a picture": (
        [says(completion([{"type": "image_url", "image_url": {"url": "x"}}]))],
        {},
        "m answered with 'image_url' instead of text",
    ),
    "a number": ([says(completion(42))], {}, "m answered with 'int' instead of text"),
    "an error of FastAPI": ([says({"detail": "no such thing"}, 400)], {}, "with status 400 (no such thing)"),
    "only reasoning": (
        [says(completion("", reasoning_content="Well, apples."))],
        {},
        "m reasoned for 13 characters and then gave no answer",
    ),
    "cut reasoning": (
        [says(completion(None, finish="length", reasoning="Well, apples."))],
        {},
        "m reasoned for 13 characters and used up max_tokens before it wrote an answer; allow it more",
    ),
    "empty stream": ([streams(chunk(None, "stop"), "data: [DONE]")], {"stream": True}, "m gave an empty answer"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_every_failure_is_one_sentence_without_the_key(ask, endpoint, caplog, case):
    replies, options, expected = FAILURES[case]
    caplog.set_level(logging.DEBUG)
    start = time.monotonic()
    with pytest.raises(PlayerError) as caught:
        ask(*replies, **options)
    message = str(caught.value)
    assert expected in message
    assert "\n" not in message
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    told = message + caplog.text + "".join(traceback.format_exception(caught.value))
    assert not any(KEY[i : i + 8] in told for i in range(len(KEY) - 7))
    assert time.monotonic() - start < 6


@pytest.mark.parametrize("stream", [False, True])
def test_json_is_read_although_a_stream_was_asked_for_and_lists_of_parts_are_joined(ask, stream):
    parts = [{"type": "text", "text": "Apples "}, "fall", {"type": "text", "text": "."}]
    pieces = []
    assert ask(says(completion(parts)), stream=stream, on_token=pieces.append) == "Apples fall."
    assert pieces == ["Apples fall."]


def test_parts_in_a_stream_are_joined(ask):
    lines = [chunk([{"type": "text", "text": "Apples "}]), chunk([{"type": "text", "text": "fall."}]), STREAM[-2]]
    assert ask(streams(*lines), stream=True) == "Apples fall."


def test_a_gzipped_answer_is_an_answer(ask, endpoint):
    reply = says(gzip.compress(json.dumps(completion("Apples fall.")).encode()), **{"Content-Encoding": "gzip"})
    assert ask(reply) == "Apples fall."
    assert endpoint.headers[0]["accept-encoding"] == "identity"


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_is_passed_on_and_is_no_part_of_the_answer(ask, name, stream):
    def line(delta, finish=None):
        return "data: " + json.dumps({"id": "1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def thought(text):
        return {"content": [{"type": name, "thinking": text}]} if name == "thinking" else {name: text}

    if stream:
        parts = [thought("It is "), thought("gravity."), {"content": "Apples fall."}]
        reply = streams(*map(line, parts), line({}, "stop"))
    elif name == "thinking":
        reply = says(completion([*thought("It is gravity.")["content"], {"type": "text", "text": "Apples fall."}]))
    else:
        reply = says(completion("Apples fall.", **thought("It is gravity.")))
    reasoning, answer = [], []
    assert ask(reply, stream=stream, on_token=answer.append, on_reasoning=reasoning.append) == "Apples fall."
    assert "".join(reasoning) == "It is gravity."
    assert "".join(answer) == "Apples fall."


@pytest.mark.parametrize("size", [1, 7, len(KEY) - 1, 500])
def test_a_key_that_is_split_over_pieces_does_not_pass(ask, size):
    text = f"{KEY[:9]} no. Your key is {KEY}{KEY}, and {KEY[:20]}"
    pieces = [text[k : k + size] for k in range(0, len(text), size)]
    heard = []
    answer = ask(streams(*map(chunk, pieces), STREAM[-2]), on_token=heard.append)
    assert answer == "".join(heard) == f"{KEY[:9]} no. Your key is [key][key], and {KEY[:20]}"


def test_a_key_in_the_reasoning_does_not_pass(ask):
    def line(text):
        return "data: " + json.dumps({"choices": [{"index": 0, "delta": {"reasoning": text}, "finish_reason": None}]})

    heard = []
    ask(streams(line(KEY[:9]), line(KEY[9:] + "!"), *STREAM), on_reasoning=heard.append, stream=True)
    assert "".join(heard) == "[key]!"


def test_a_stream_that_breaks_off_is_not_asked_again(ask, endpoint):
    pieces = []
    with pytest.raises(PlayerError):
        ask(streams(*STREAM[:3], cut=True), on_token=pieces.append)
    assert len(endpoint.bodies) == 1
    assert pieces == ["Apples ", "fall."]


@pytest.mark.parametrize(
    "reply", [hangs, drips, streams(*STREAM * 200, pause=0.1), says({}, 429, **{"retry-after-ms": 9000})]
)
def test_waiting_can_be_broken_off_at_once(endpoint, reply):
    endpoint.replies[:] = [reply]
    player = models.load("openai:m", base_url=endpoint.url, api_key=KEY, stream=reply not in (drips,))
    errors = []

    def play():
        try:
            player.answer(QUESTION)
        except PlayerError as error:
            errors.append(str(error))

    thread = threading.Thread(target=play)
    thread.start()
    while not endpoint.bodies:
        time.sleep(0.01)
    time.sleep(0.1)
    begun = time.monotonic()
    player.interrupt()
    thread.join(5)
    assert time.monotonic() - begun < 1.0
    assert errors == ["the connection to 127.0.0.1 was closed"]
    player.close()


def test_an_endpoint_that_is_down(endpoint):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    player = models.load("openai:m", base_url=url, retries=0)
    with pytest.raises(
        PlayerError, match=r"127.0.0.1 cannot be reached; is the server running, and is http://127.0.0.1"
    ):
        player.answer(QUESTION)
    player.close()


def test_an_answer_that_holds_the_key_does_not_carry_it_on(ask):
    assert ask(says(completion(f"Your key is {KEY}."))) == "Your key is [key]."


def test_the_key_is_not_in_the_repr_and_nothing_is_left_open(endpoint):
    endpoint.replies[:] = [says(completion("Apples fall."))]
    player = models.load("openai:m", base_url=endpoint.url, api_key=KEY)
    player.answer(QUESTION)
    assert KEY not in repr(player) + str(player) + repr(player._client)
    close = player.close
    del player
    gc.collect()
    assert not close.alive  # the connection went with the player, before Python could warn of an open socket


# ---- where keys come from ----


@pytest.mark.parametrize(
    ("base_url", "variable"),
    [
        ("openai", "OPENAI_API_KEY"),
        ("https://API.OpenAI.com/v1", "OPENAI_API_KEY"),
        ("huggingface", "HF_TOKEN"),
        ("https://api-inference.huggingface.co/v1", "HF_TOKEN"),
        ("https://x.hf.co/v1", "HUGGINGFACE_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"),
    ],
)
def test_the_environment_is_asked_for_the_host_that_the_key_belongs_to(endpoint, monkeypatch, base_url, variable):
    with pytest.raises(UserError, match=f"needs a key: set .*{variable}"):
        models.load("openai:m", base_url=base_url)
    monkeypatch.setenv(variable, f"  {KEY}\n")
    player = models.load("openai:m", base_url=base_url)
    assert player._key == KEY
    player.close()


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.openai.com.evil.example/v1",
        "https://evil-openai.com/v1",
        "https://openai.com/v1",
        "https://api.openai.com./v1",
        "https://evil.example/api.openai.com/v1",
        "https://myhuggingface.co/v1",
        "https://huggingface.co.evil.example/v1",
        "https://someone.hf.space/v1",
        "https://x.endpoints.huggingface.cloud/v1",
        "https://sub.openrouter.ai/v1",
        "ollama",
        "vllm",
        "http://[::1]:8000/v1",
    ],
)
def test_no_other_host_gets_a_key_from_the_environment(endpoint, monkeypatch, base_url):
    for name in ENVIRONMENT[:4]:
        monkeypatch.setenv(name, KEY)
    try:
        player = models.load("openai:m", base_url=base_url)
    except UserError:
        return
    assert player._key == ""
    assert KEY not in str(dict(player._client.default_headers))
    player.close()


def test_keys_are_not_sent_in_the_clear(endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(UserError, match=r"api.openai.com is asked over https only"):
        models.load("openai:m", base_url="http://api.openai.com/v1")


def test_the_rest_of_the_environment_stays_here_too(ask, endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://evil.example")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Secret: {KEY}\nAuthorization: Bearer {KEY}")
    assert ask(says(completion("Apples fall.")), api_key=None) == "Apples fall."
    sent = str(endpoint.headers)
    assert "authorization" not in sent
    assert "secret" not in sent.lower()


@pytest.mark.parametrize(
    "base_url",
    [
        "localhost:8000",
        "",
        "olama",
        "ftp://x/v1",
        "https://",
        "http://x:notaport/v1",
        "http://exämple/v1",
        "http://a b/v1",
        "http://[::1",
        "http://[1.2.3.4.5]/v1",
    ],
)
def test_what_is_no_endpoint_is_refused(endpoint, base_url):
    with pytest.raises(UserError, match="is not the URL of an endpoint"):
        models.load("openai:m", base_url=base_url)


@pytest.mark.parametrize(
    "base_url", [f"https://user:{KEY}@host/v1", f"https://host/v1?key={KEY}", "https://evil\\@api.openai.com/v1"]
)
def test_keys_do_not_belong_in_urls(endpoint, base_url):
    with pytest.raises(UserError) as caught:
        models.load("openai:m", base_url=base_url)
    assert KEY not in str(caught.value)


def test_a_key_that_is_none_is_refused_unseen(endpoint):
    with pytest.raises(UserError, match="the key holds a space or a letter that no key has") as caught:
        models.load("openai:m", base_url=endpoint.url, api_key="sk-secret\r\nX-Evil: 1")
    assert "secret" not in str(caught.value)
