"""The built-in player: answers with the best law of a sparse search, and with the next best on later turns."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from gedanken.loop import Question
from gedanken.sparse.identify import Candidate, Discovery, discover
from gedanken.tasks.discover.observation import Observation

_KEPT = 16


class Sparse:
    """Sparse regression for structure, least squares through the simulator for parameters; no language model.

    It sees the observation and nothing else, and the same observation always gets the same answers. Turn k brings the
    k-th best structure.

    Attributes:
        name: `sparse`.
    """

    name = "sparse"

    def __init__(self, progress: Callable[[str], None] | None = None, seconds: float = float("inf")):
        """Args: progress is told what the search does; seconds is a safety net for each search."""
        self._progress, self._seconds = progress, seconds
        self._found: OrderedDict[bytes, Discovery] = OrderedDict()

    def discover(self, observation: Observation) -> Discovery:
        """The whole result for an observation, from memory where it has been asked for lately."""
        key = _digest(observation)
        if key not in self._found:
            self._found[key] = discover(
                observation.states,
                observation.trajectories,
                "" if observation.hint_level == "anonymous" else observation.hint,
                progress=self._progress,
                seconds=self._seconds,
            )
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return self._found[key]

    def candidates(self, observation: Observation) -> tuple[Candidate, ...]:
        """The laws that were weighed, best first."""
        return self.discover(observation).candidates

    def answer(self, question: Question) -> str:
        """JSON with `equation`, `params` and `rationale`: the next law that has not been tried yet."""
        discovery = self.discover(question.observation)
        turn = len(question.turns)
        candidate = discovery.candidates[turn % len(discovery.candidates)]
        answer: dict[str, Any] = {
            "equation": candidate.equation,
            "params": {name: _round(value) for name, value in candidate.params.items()},
            "rationale": _rationale(discovery, candidate, turn),
            # Only a first guess, and only where a record's start is unknown: see `Answer`.
            "initial": [
                {name: _round(value) for name, value in zip(discovery.states.columns, start.tolist(), strict=True)}
                for start in candidate.initials
            ],
        }
        return orjson.dumps(answer).decode()


def _round(value: float) -> float:
    """Eight significant digits: more than any record determines."""
    return float(f"{value:.8g}")


def _rationale(discovery: Discovery, candidate: Candidate, turn: int) -> str:
    errors = ", ".join(
        f"{name} = {value:.4g} +- {candidate.standard_errors[name]:.2g}" for name, value in candidate.params.items()
    )
    text = f"Sparse regression, {discovery.fits} structures fitted through the simulator; this is number {turn + 1}"
    text += f" (criterion {candidate.delta:+.1f} against the best)." if turn else "."
    return " ".join([text, f"{errors}." if errors else "", *discovery.notes]).replace("  ", " ").strip()


def _digest(observation: Observation) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    found.update(repr((observation.states.coordinates, observation.hint, observation.hint_level)).encode())
    for trajectory in observation.trajectories:
        found.update(repr(trajectory.values.shape).encode())
        found.update(np.ascontiguousarray(trajectory.t).tobytes())
        found.update(np.ascontiguousarray(trajectory.values).tobytes())
    return found.digest()


load = Sparse
