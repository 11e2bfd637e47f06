"""The reward table: one for each task, filled by decorated functions, its weights checked to sum to 1."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from gedanken.errors import UserError

Evidence = TypeVar("Evidence")

MODES = ("episode", "training")


@dataclass(frozen=True)
class Entry(Generic[Evidence]):
    """One row of a reward table.

    Attributes:
        compute: the term itself, in [0, 1].
        weight: share of the episode's reward; None where the term is for training only.
        training: weight in single-turn training (GRPO); None where it is left out.
    """

    compute: Callable[[Evidence], float]
    weight: float | None
    training: float | None


class RewardTable(Generic[Evidence]):
    """The terms of one task's reward, by name.

    A term is a function of what the simulator found out about an answer, entered by the decorator `term`::

        @TABLE.term(weight=0.50, training=1.0)
        def match(evidence: Evidence) -> float:
            ...

    Attributes:
        version: named by the rule that changed last; results record it. A term that changes what an answer earns needs
            a new one.
        entries: the rows.
    """

    def __init__(self, version: str):
        """An empty table."""
        self.version = version
        self.entries: dict[str, Entry[Evidence]] = {}

    def term(
        self, weight: float | None = None, training: float | None = None
    ) -> Callable[[Callable[[Evidence], float]], Callable[[Evidence], float]]:
        """Enter the decorated function into the table under its own name."""

        def enter(function: Callable[[Evidence], float]) -> Callable[[Evidence], float]:
            self.entries[function.__name__] = Entry(function, weight, training)
            return function

        return enter

    def weights(self, mode: str = "episode") -> dict[str, float]:
        """Term weights of an `episode` (multi-turn, as a server pays) or of single-turn `training`.

        Raises:
            UserError: another mode.
            ValueError: weights of an episode that do not sum to 1 (rewards must lie in [0, 1]).
        """
        if mode not in MODES:
            raise UserError(f"the mode of a reward is 'episode' or 'training', not {mode!r}")
        column = {name: entry.weight if mode == "episode" else entry.training for name, entry in self.entries.items()}
        weights = {name: weight for name, weight in column.items() if weight is not None}
        if mode == "episode" and not math.isclose(sum(weights.values()), 1.0, abs_tol=1e-9):
            raise ValueError(f"the weights of {self.version} sum to {sum(weights.values()):g}, not to 1")
        return weights

    def about(self, term: str) -> str:
        """What a term measures: the first paragraph of its docstring, on one line."""
        return " ".join((self.entries[term].compute.__doc__ or "").strip().split("\n\n")[0].split())

    def compute(self, evidence: Evidence) -> dict[str, float]:
        """Every term of the table for one answer."""
        return {name: entry.compute(evidence) for name, entry in self.entries.items()}
