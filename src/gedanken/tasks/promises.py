"""Promises that every entry of a zoo keeps: tests hold the whole zoo to them, `gedanken check` a file of one's own."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

Promise = Callable[..., str | None]


class Promises:
    """A list of promises. A promise returns None when it is kept, or one sentence on how it is broken.

    Attributes:
        entries: the promises by name, in the order of their definition.
    """

    def __init__(self) -> None:
        """An empty list."""
        self.entries: dict[str, Promise] = {}

    def promise(self, function: Promise) -> Promise:
        """Enter the decorated function into the list under its own name."""
        self.entries[function.__name__] = function
        return function

    def examine(self, cases: Sequence[tuple[str, tuple[Any, ...]]]) -> Iterator[tuple[str, str | None]]:
        """Each promise by name, with None where every case keeps it, or a sentence on the first that breaks it.

        An entry that cannot even be made breaks the promises that make it; its exception is the sentence.

        Args:
            cases: what a sentence begins with, and the promise's arguments.
        """
        for title, promise in self.entries.items():
            complaint = None
            for label, arguments in cases:
                try:
                    complaint = promise(*arguments)
                except Exception as error:
                    complaint = f"{type(error).__name__}: {error}"
                if complaint is not None:
                    complaint = label + complaint
                    break
            yield title, complaint
