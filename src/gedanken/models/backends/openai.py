"""`openai:MODEL`: endpoints of OpenAI's chat completions: OpenAI, Hugging Face, OpenRouter, Ollama, vLLM, one's own.

A key from the environment is sent only to the host that it belongs to, over https. It appears in no message, repr or
log of ours, and a server's message about a refused key is not passed on.
"""

import itertools
import json
import os
import re
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gedanken.errors import GedankenError, PlayerError, UserError
from gedanken.loop import Message, Question
from gedanken.models.addresses import PRESETS, find_key, read_host
from gedanken.models.completions import read_message
from gedanken.models.connection import Connections, TooLongError, limiting_hook, pause_before_retry
from gedanken.models.redaction import Redactor, redact, redact_parts

# Pieces of a stream for each token that was asked for. Each costs a tenth of a millisecond to read.
PIECES_PER_TOKEN, MORE_PIECES = 4, 1000
UNSUPPORTED = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|unexpected|not permitted|extra|verified", re.I
)


# Names of models that are read from an endpoint's list.
MAX_NAMES = 2000


class Fault(NamedTuple):
    """Why there is no answer: a sentence, and the code of a `PlayerError`."""

    sentence: str
    code: str


class OpenAIPlayer:
    """A chat model behind an OpenAI-compatible endpoint. Safe to share between threads.

    Attributes:
        name: `openai:` and the model.
        model: what the endpoint calls it.
        base_url: where the endpoint is.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str = "openai",
        api_key: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = 4096,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float = 180.0,
        retries: int = 2,
        stream: bool | None = None,
        on_token: Callable[[str], None] | None = None,
        on_reasoning: Callable[[str], None] | None = None,
        transport: Any = None,
    ):
        """Check the endpoint and find the key; nothing is sent yet.

        Args:
            model: the model's name at the endpoint.
            base_url: an URL that ends like `/v1`, or a name in `PRESETS`.
            api_key: the key; from the environment when None, see `gedanken.models.addresses.KEYS`.
            temperature: as in the API, like the next three; None leaves it to the server.
            max_tokens: longest answer; sent as `max_completion_tokens` to models that ask for that.
            seed: asks for the same answer to the same question.
            stop: where to stop.
            extra: further fields of the request's body.
            timeout: seconds until a try is given up, both between bytes and for the whole answer.
            retries: further tries after a failed connection, a time-out, 408, 409, 429 and 5xx, with growing pauses.
            stream: read the answer as it is written; by default when `on_token` is given.
            on_token: is called with each piece of the answer; the key is masked, also where it is split over pieces.
            on_reasoning: is called with each piece of what a reasoning model writes before its answer.
            transport: a transport of the HTTP library to send requests by; redirects and proxies are then not followed.

        Raises:
            UserError: the URL cannot be read, no key for the host is found, or the SDK is not installed.
        """
        try:
            import openai
        except ImportError:
            raise UserError("openai: needs the OpenAI SDK; install it with: pip install 'gedanken[openai]'") from None
        self.name = f"openai:{model}"
        self.model = model
        self.base_url = PRESETS.get(base_url, base_url)
        self._host = host = read_host(self.base_url)
        self._key = find_key(self.base_url, host, api_key)
        self._timeout, self._retries = timeout, retries
        self._stream = stream if stream is not None else on_token is not None or on_reasoning is not None
        self._on_token, self._on_reasoning = on_token, on_reasoning
        self._extra = dict(extra or {})
        options = {"temperature": temperature, "max_tokens": max_tokens, "seed": seed, "stop": stop}
        self._options = {name: value for name, value in options.items() if value is not None}
        self._http = sys.modules[openai.DefaultHttpxClient.__mro__[1].__module__]  # httpx, or httpx2 from SDK 3 on
        connection = (
            {} if transport is None else {"transport": transport, "follow_redirects": False, "trust_env": False}
        )
        self._connections = Connections()
        hooks = {"request": [self._connections.watch], "response": [limiting_hook(self._http, timeout)]}
        http = openai.DefaultHttpxClient(event_hooks=hooks, **connection)
        # What the SDK takes from the environment besides the key is meant for OpenAI alone, too.
        foreign = host != "api.openai.com"
        custom = os.environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines() if foreign else []
        names = {line.partition(":")[0].strip() for line in custom if ":" in line}
        self._headers: dict[str, Any] = {n: openai.Omit() for n in names if n.lower() != "authorization"}
        # Compression would save nothing here, and hide how much is sent.
        self._headers["Accept-Encoding"] = "identity"
        if not self._key:
            self._headers["Authorization"] = openai.Omit()
        self._client = openai.OpenAI(
            api_key=self._key or "none",
            base_url=self.base_url,
            timeout=openai.Timeout(timeout, connect=min(timeout, 10.0)),
            max_retries=0,  # its pauses between tries cannot be interrupted
            default_headers={"Authorization": f"Bearer {self._key}"} if self._key else None,
            http_client=http,
        )
        if foreign:
            self._client.organization = self._client.project = None
        self.close = weakref.finalize(self, self._client.close)

    def __repr__(self) -> str:
        return f"OpenAIPlayer({self.model!r}, base_url={self.base_url!r})"

    def interrupt(self) -> None:
        """Break off the answers that are being waited for, from another thread. The player can answer no more."""
        self._connections.interrupt()

    def answer(self, question: Question) -> str:
        """The model's answer to the question's messages.

        Raises:
            PlayerError: one sentence on why the endpoint gave none.
        """
        try:
            text, fault = self._complete(question.messages)
        except GedankenError:  # of `on_token`
            raise
        except Exception as error:
            text, fault = "", self._explain(error)
            if not fault.sentence:
                raise
        # Raised out here, so that the SDK's error, whose text may echo the key, is not attached to ours.
        if not text.strip():
            raise PlayerError(fault.sentence, fault.code)
        return redact(text, self._key)

    def _complete(self, messages: Sequence[Message]) -> tuple[str, "Fault"]:
        """The answer, and why it is empty if it is. Options that the model refuses are dropped."""
        import openai

        while True:
            sent = self._options
            try:
                reply = self._request(messages, sent)
                return self._streamed(reply) if self._stream else self._whole(reply)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                refused = _refused_option(error, [*sent, *(["stream"] if self._stream else [])])
                if refused is None:
                    raise
                if refused == "stream":
                    self._stream = False
                    continue
                self._options = {name: value for name, value in sent.items() if name != refused}
                if refused == "max_tokens":
                    self._options["max_completion_tokens"] = sent["max_tokens"]

    def _request(self, messages: Sequence[Message], options: Mapping[str, Any]) -> Any:
        """The endpoint's reply or the beginning of its stream, with `retries` further tries."""
        import openai

        for number in range(self._retries + 1):
            try:
                return self._client.chat.completions.create(
                    model=self.model,
                    messages=[dict(message) for message in messages],
                    stream=self._stream,
                    extra_headers=self._headers,
                    extra_body=self._extra or None,
                    **options,
                )
            except (openai.APIConnectionError, openai.APIStatusError) as error:
                status = getattr(error, "status_code", 500)
                may_pass = status in (408, 409, 429) or status >= 500
                if number == self._retries or not may_pass or isinstance(error.__cause__, TooLongError):
                    raise
                pause = pause_before_retry(getattr(error, "response", None), number)
            if self._connections.interrupted.wait(pause):
                break
        raise PlayerError(f"the connection to {self._host} was closed")

    def _whole(self, reply: Any) -> tuple[str, "Fault"]:
        """The answer of a reply that came in one piece: an object of the SDK, JSON, or the text of something else."""
        choices = _get(reply, "choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = _get(choice, "message")
        if message is None:
            what = f"{self._host} did not answer in the form of chat completions{self._describe(reply)}"
            return "", Fault(what, "bad_endpoint")
        piece = read_message(message)
        if self._on_reasoning and piece.reasoning:
            self._on_reasoning(redact(piece.reasoning, self._key))
        if self._on_token and piece.text:
            self._on_token(redact(piece.text, self._key))
        return piece.text, self._explain_empty(_get(choice, "finish_reason"), len(piece.reasoning), piece.other)

    def _describe(self, reply: Any) -> str:
        """What came instead of a completion, as the end of a sentence."""
        if isinstance(reply, str) and reply.lstrip()[:1] == "<":
            return f" but with a web page; is {self.base_url} its API?"
        if _get(reply, "choices") == []:
            return "; its list of choices is empty"
        return self._quote(_get(reply, "error"))

    def _streamed(self, reply: Any) -> tuple[str, "Fault"]:
        kind = reply.response.headers.get("content-type", "").lower()
        with reply:
            if "json" in kind or "html" in kind:  # sent in one piece, although a stream was asked for
                body = reply.response.read().decode("utf-8", "replace")
                return self._whole(json.loads(body) if "json" in kind else body)
            return self._read_stream(reply)

    def _read_stream(self, reply: Any) -> tuple[str, "Fault"]:
        pieces, reasoning, other, finished, chunk = [], 0, "", None, None
        tokens = self._options.get("max_tokens") or self._options.get("max_completion_tokens")
        limit = PIECES_PER_TOKEN * tokens + MORE_PIECES if isinstance(tokens, int) else None
        answer_filter, reasoning_filter = Redactor(self._key), Redactor(self._key)
        for number, chunk in enumerate(reply):
            if limit is not None and number >= limit:
                raise TooLongError(f"more than {limit} pieces where {tokens} tokens were asked for")
            choices = _get(chunk, "choices")
            choice = choices[0] if isinstance(choices, list) and choices else None
            piece = read_message(_get(choice, "delta"))
            finished = _get(choice, "finish_reason") or finished
            reasoning, other = reasoning + len(piece.reasoning), piece.other or other
            if piece.text:
                pieces.append(piece.text)
            _pass_on(self._on_reasoning, reasoning_filter.feed(piece.reasoning))
            _pass_on(self._on_token, answer_filter.feed(piece.text))
        text = "".join(pieces)
        if finished is None and not pieces and (chunk is None or _get(chunk, "choices") == []):
            what = "sent no stream of chat completions" if chunk is None else "sent a stream whose choices are empty"
            return "", Fault(f"{self._host} {what}", "bad_endpoint")
        if finished is None:
            return "", Fault(f"{self._host} broke off its answer after {len(text)} characters", "broke_off")
        _pass_on(self._on_reasoning, reasoning_filter.flush())
        _pass_on(self._on_token, answer_filter.flush())
        return text, self._explain_empty(finished, reasoning, other)

    def _explain_empty(self, finish_reason: Any, reasoning: int, other: str) -> "Fault":
        """Why a reply that could be read holds no answer."""
        if finish_reason == "content_filter":
            return Fault(f"{self._host} filtered the answer of {self.model}", "filtered")
        used_up = "used up max_tokens before it wrote an answer; allow it more"
        if reasoning:
            said = f"{self.model} reasoned for {reasoning} characters and"
            if finish_reason == "length":
                return Fault(f"{said} {used_up}", "too_long")
            return Fault(f"{said} then gave no answer", "empty")
        if finish_reason == "length":
            return Fault(f"{self.model} {used_up}", "too_long")
        if other:
            return Fault(f"{self.model} answered with {redact_parts(other, self._key)!r} instead of text", "empty")
        return Fault(f"{self.model} gave an empty answer", "empty")

    def _explain(self, error: Exception) -> "Fault":
        """Why there is no answer, without the key; an empty sentence for an error that is ours."""
        import openai

        host = self._host
        tries = f" after {self._retries + 1} tries" if self._retries else ""
        detail = self._server_message(error)
        if self._connections.interrupted.is_set():
            return Fault(f"the connection to {host} was closed", "cancelled")
        if too_long := next((e for e in (error, error.__cause__) if isinstance(e, TooLongError)), None):
            return Fault(f"{host} sent {too_long}", "bad_endpoint")
        if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
            return Fault(f"{host} sent JSON that is nested too deeply", "bad_endpoint")
        match error:
            case openai.AuthenticationError() if self._key:
                return Fault(f"{host} refuses the key", "key_refused")
            case openai.AuthenticationError():
                return Fault(f"{host} asks for a key; pass api_key", "key_missing")
            case openai.PermissionDeniedError():
                return Fault(f"{host} does not let this key use {self.model}", "model_forbidden")
            case openai.NotFoundError():
                what = f"{host} does not know the model {self.model!r}, or {self.base_url} is not its API{detail}"
                return Fault(what, "model_unknown")
            case openai.RateLimitError():
                return Fault(f"{host} asks to slow down, or the quota is used up{tries}{detail}", "slow_down")
            case openai.APITimeoutError() | self._http.TimeoutException():
                return Fault(f"{host} did not answer within {self._timeout:g} s", "timeout")
            case openai.APIConnectionError() if isinstance(error.__cause__, self._http.ConnectError):
                what = f"{host} cannot be reached{tries}; is the server running, and is {self.base_url} right?"
                return Fault(what, "unreachable")
            case openai.APIConnectionError() | self._http.TransportError():
                return Fault(f"{host} broke the connection off", "broke_off")
            case openai.APIStatusError():
                failed = error.status_code >= 500
                kind = "failed" if failed else "refuses the request"
                what = f"{host} {kind} with status {error.status_code}{tries if failed else ''}{detail}"
                return Fault(what, "bad_endpoint")
            case openai.APIError():
                return Fault(f"{host} reports an error{detail}", "bad_endpoint")
            case openai.OpenAIError():
                return Fault(f"the OpenAI SDK cannot ask {host} ({type(error).__name__})", "bad_endpoint")
        if isinstance(error, ValueError):
            return Fault(f"{host} sent something that is not a stream of chat completions", "bad_endpoint")
        return Fault("", "")

    def model_names(self) -> list[str]:
        """The names of the models that the endpoint offers, at most `MAX_NAMES`.

        Raises:
            PlayerError: one sentence on why the endpoint told none.
        """
        fault = Fault("", "")
        try:
            listed = self._client.models.list(extra_headers=self._headers)
            names = (_get(each, "id") for each in _get(listed, "data") or ())
            return [
                redact(name[:200], self._key) for name in itertools.islice(names, MAX_NAMES) if isinstance(name, str)
            ]
        except Exception as error:
            fault = self._explain(error)
            if not fault.sentence:
                raise
        raise PlayerError(fault.sentence, fault.code)

    def _server_message(self, error: Exception) -> str:
        return self._quote(getattr(error, "body", None))

    def _quote(self, body: Any) -> str:
        """The message of an error's body in brackets, at most 200 characters, without the key."""
        for name in ("error", "message", "detail"):
            if isinstance(body, Mapping) and body.get(name):
                body = body[name]
        if not isinstance(body, str):
            return ""
        plain = " ".join("".join(c if c.isprintable() else " " for c in body[:10_000]).split())
        plain = redact_parts(plain, self._key)
        return f" ({plain[:200]})" if plain and "<html" not in plain.lower() else ""


load = OpenAIPlayer


def _pass_on(listener: Callable[[str], None] | None, piece: str) -> None:
    if listener is not None and piece:
        listener(piece)


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _refused_option(error: Any, sent: Sequence[str]) -> str | None:
    """The option of ours that a model does not take, as reasoning models refuse `max_tokens` and `temperature`."""
    message = f"{error.message} {error.body}"
    if not UNSUPPORTED.search(message) and not str(error.code or "").startswith("unsupported"):
        return None
    if error.param in sent:
        return str(error.param)
    return next((name for name in sent if re.search(rf"\b{name}\b", message)), None)
