"""Reading the messages of chat completions, as the endpoints of this world write them."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Piece(NamedTuple):
    """What a message, or a piece of one, holds.

    Attributes:
        text: the answer's text.
        reasoning: what the model wrote before its answer.
        other: a type of content that is neither, such as `image_url`; empty if there is none.
    """

    text: str = ""
    reasoning: str = ""
    other: str = ""


def read_message(message: Any) -> Piece:
    """The text and the reasoning of a message, or of the delta of a stream.

    `content` is a string, or a list of parts of which those of type `text` count. Reasoning comes as
    `reasoning_content` (DeepSeek, vLLM), as `reasoning` (OpenRouter, Ollama), or as parts of type `thinking`.
    """
    content, refusal = _get(message, "content"), _get(message, "refusal")
    piece = _read_content(content if content else refusal)
    reasoning = _get(message, "reasoning_content") or _get(message, "reasoning")
    if isinstance(reasoning, str):
        return piece._replace(reasoning=reasoning + piece.reasoning)
    return piece


def _read_content(content: Any) -> Piece:
    if content is None or content == []:
        return Piece()
    if isinstance(content, str):
        return Piece(content)
    if not isinstance(content, list):
        return Piece(other=type(content).__name__)
    pieces = [_read_part(part) for part in content]
    other = next((piece.other for piece in pieces if piece.other), "")
    return Piece("".join(piece.text for piece in pieces), "".join(piece.reasoning for piece in pieces), other)


def _read_part(part: Any) -> Piece:
    if isinstance(part, str):
        return Piece(part)
    kind = _get(part, "type")
    if kind in ("text", "output_text", None) and isinstance(text := _get(part, "text"), str):
        return Piece(text)
    if kind == "refusal" and isinstance(text := _get(part, "refusal"), str):
        return Piece(text)
    if kind in ("thinking", "reasoning"):
        inner = _get(part, kind) or _get(part, "text")
        if isinstance(inner, list):
            inner = "".join(_read_part(each).text for each in inner)
        return Piece(reasoning=inner if isinstance(inner, str) else "")
    return Piece(other=str(kind or type(part).__name__)[:40])


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
