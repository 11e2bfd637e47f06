"""`scripted:FILE`: answers from a file, to replay a session, to show the loop without a model, or to test it."""

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from gedanken.errors import PlayerError, UserError
from gedanken.loop import Question


class ScriptedPlayer:
    """Gives the answers in order, whatever the question.

    Args:
        answers: the answers, in order.
        name: the player's name.
        loop: begin again after the last answer; otherwise a further question is an error.
    """

    def __init__(self, answers: Iterable[str], *, name: str = "scripted", loop: bool = False):
        self.name = name
        self.answers = tuple(answers)
        self._next = itertools.cycle(self.answers) if loop else iter(self.answers)

    def __repr__(self) -> str:
        return f"ScriptedPlayer({len(self.answers)} answers, name={self.name!r})"

    def answer(self, question: Question) -> str:
        """The next answer.

        Raises:
            PlayerError: there is none left.
        """
        for answer in self._next:
            return answer
        raise PlayerError(f"{self.name} has given all of its {len(self.answers)} answers")


def load(model: str, *, loop: bool = False) -> ScriptedPlayer:
    """Answers from a file: a JSON list, JSON lines, or text whose answers stand between lines of `---`.

    Of a JSON object with a string `answer`, that string is the answer; any other value that is no string is written as
    JSON.

    Raises:
        UserError: the file is missing, not text, not JSON, or holds no answer.
    """
    path = Path(model)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    if path.suffix == ".json":
        items = _parse(path, text, "")
        if not isinstance(items, list):
            raise UserError(f"{path.name} holds one JSON value; a script is a list of answers")
        answers = [_to_text(item) for item in items]
    elif path.suffix in (".jsonl", ".ndjson"):
        lines = enumerate(text.splitlines(), 1)
        answers = [_to_text(_parse(path, line, f" in line {number}")) for number, line in lines if line.strip()]
    else:
        blocks = [""]
        for line in text.splitlines():
            if line.strip() == "---":
                blocks.append("")
            else:
                blocks[-1] += line + "\n"
        answers = [block.strip() for block in blocks if block.strip()]
    if not answers:
        raise UserError(f"{path.name} holds no answer")
    return ScriptedPlayer(answers, name=f"scripted:{path.name}", loop=loop)


def _parse(path: Path, text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path.name} is not JSON{where}: {error}") from None


def _to_text(item: Any) -> str:
    if isinstance(item, dict) and isinstance(item.get("answer"), str):
        return str(item["answer"])
    return item if isinstance(item, str) else orjson.dumps(item).decode()
