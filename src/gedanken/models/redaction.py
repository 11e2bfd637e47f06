"""Keeping a key out of text that an endpoint sends: it knows the key and may echo it."""

MASK = "[key]"
# Shorter keys (`none`, `ollama`) are no secrets but words of the language.
SHORTEST_SECRET = 8


class Redactor:
    """Replaces a key in text that arrives in pieces, also where the key is split over them."""

    def __init__(self, key: str):
        self._key = key if len(key) >= SHORTEST_SECRET else ""
        self._held = ""

    def feed(self, piece: str) -> str:
        """The text that is safe to pass on: all but an end that may be the beginning of the key."""
        if not self._key:
            return piece
        text = (self._held + piece).replace(self._key, MASK)
        held = next((n for n in range(min(len(self._key) - 1, len(text)), 0, -1) if self._key.startswith(text[-n:])), 0)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def flush(self) -> str:
        """The text that was held back, at the end of the answer."""
        text, self._held = self._held, ""
        return text


def redact(text: str, key: str) -> str:
    """A whole text with `MASK` for the key."""
    redactor = Redactor(key)
    return redactor.feed(text) + redactor.flush()


def redact_parts(text: str, key: str) -> str:
    """The text with `MASK` for every word that holds eight letters of the key in a row, as error messages quote it."""
    parts = {key[i : i + 8] for i in range(max(1, len(key) - 7))} - {""}
    return " ".join(MASK if any(part in word for part in parts) else word for word in text.split(" "))
