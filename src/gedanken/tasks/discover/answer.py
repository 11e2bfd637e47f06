"""Find the answer object in what a model wrote: bare JSON, prose around it, a code fence or `<answer>` tags.

It says a whole law (`equation`, `params`), or what to change of the law before it (`edit`).
"""

import json
from collections.abc import Iterator
from typing import Any

from gedanken.errors import Unanswerable
from gedanken.worlds.ode.law import edits
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.simulate import MAX_JSON, Answer, decode

# A chain of thought in front of the answer is fine; a text beyond this is refused before anything looks into it.
MAX_TEXT = 65_536
# Each candidate costs at most one decoding of MAX_JSON characters, so this bounds the work on hostile text.
MAX_CANDIDATES = 8

_DECODER = json.JSONDecoder()


def read_answer(text: str, before: Law | None = None) -> Answer:
    """The last well-formed answer object in `text`.

    Later text wins over earlier, since a model that corrects itself does so at the end; an `<answer>` tag wins over a
    fence and a fence over bare prose.

    Args:
        text: what was written.
        before: the law that an `edit` is about.

    Raises:
        Unanswerable: the text is too long or holds no JSON object with an `equation` or an `edit`, or the object's own
            fault.
    """
    if len(text) > MAX_TEXT:
        raise Unanswerable(f"the answer has {len(text):,} characters; at most {MAX_TEXT:,} are read")
    if text.startswith("{") and len(text) <= MAX_JSON:
        # The strict case first: it is what trained models write and what the batch scorer is fast at.
        try:
            return _decode(text, before)
        except Unanswerable as fault:
            first: Unanswerable | None = fault
    else:
        first = None
    for candidate in _candidates(text):
        try:
            return _decode(candidate, before)
        except Unanswerable as fault:
            first = first or fault
    raise first or Unanswerable('no JSON object with an "equation" was found in the answer')


def _decode(text: str, before: Law | None) -> Answer:
    try:
        return decode(text)
    except Unanswerable:
        if '"edit"' not in text or '"equation"' in text:
            raise
        change = _load_edit(text)
        if change is None:
            raise
    if before is None:
        raise Unanswerable("there is no law yet that an edit could change; answer with an equation")
    return edits.apply(before, change["edit"], change.get("params"))


def _load_edit(text: str) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if type(data) is dict and "edit" in data else None


def _candidates(text: str) -> Iterator[str]:
    """Texts that may be the answer object, most likely first. Plain searches from the end: linear on any text."""
    for opening, closing in (("<answer>", "</answer>"), ("```json", "```"), ("```", "```")):
        end = text.rfind(closing)
        start = text.rfind(opening, 0, max(end, 0))
        if 0 <= start < end:
            block = text[start + len(opening) : end].strip()
            if len(block) <= MAX_JSON and block.startswith("{"):
                yield block
    end = len(text)
    for _ in range(MAX_CANDIDATES):
        key = max(text.rfind(name, 0, end) for name in ('"equation"', '"edit"'))
        start = key
        # The object may open with another key ("rationale" first), so look a few braces back.
        for _ in range(3):
            start = text.rfind("{", 0, max(start, 0))
            if start < 0:
                break
            piece = text[start : start + MAX_JSON]
            try:
                _, length = _DECODER.raw_decode(piece)
            except (ValueError, RecursionError):
                continue
            if start + length > key:
                yield piece[:length]
                break
        if key < 0:
            return
        end = key
