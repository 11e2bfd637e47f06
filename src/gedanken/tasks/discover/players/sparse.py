"""The built-in player `sparse`: answers with the best law of a sparse search, on later turns with the next best."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson

from gedanken.loop import Question
from gedanken.sparse import Candidate, Discovery, discover
from gedanken.tasks.discover.observation import Observation
from gedanken.worlds.ode.law.law import Law

CACHED = 16  # results that are remembered, so that the later turns of an episode do not search again


class Sparse:
    """Sparse regression for the structure, least squares through the simulator for the parameters; no language model.

    It uses only the observation, and the same observation always gets the same answers: the k-th best law on turn k.

    Attributes:
        name: `sparse`.
    """

    name = "sparse"

    def __init__(
        self,
        progress: Callable[[str], None] | None = None,
        seconds: float = float("inf"),
        improved: Callable[[str, dict[str, float], float], None] | None = None,
        check: Callable[[], None] = lambda: None,
    ):
        """A player; each argument but `seconds` may be left out.

        Args:
            progress: called with a sentence at each stage of a search.
            seconds: limits each search's time.
            improved: called with equation, constants and criterion of the best law so far, when it is a new one.
            check: called before each fit; what it raises ends the search.
        """
        self._progress, self._seconds, self._improved, self._check = progress, seconds, improved, check
        self._results: OrderedDict[bytes, Discovery] = OrderedDict()

    def discover(self, observation: Observation, whole: bool = False) -> Discovery:
        """The result of the search for an observation; the latest results are cached.

        whole: only laws matter that can be followed from one start (`sparse.discover`).
        """
        key = digest(observation)
        if key not in self._results or (self._results[key].gave_up and not whole):
            self._results[key] = discover(
                observation.states,
                observation.trajectories,
                "" if observation.hint_level == "anonymous" else observation.hint,
                clock=observation.clock,
                progress=self._progress,
                seconds=self._seconds,
                improved=self._improved,
                check=self._check,
                knowledge=observation.knowledge,
                proposals=self._proposals(observation),
                whole=whole,
            )
            while len(self._results) > CACHED:
                self._results.popitem(last=False)
        self._results.move_to_end(key)
        return self._results[key]

    def _proposals(self, observation: Observation) -> Sequence[Law]:
        """Laws that somebody else proposes for an observation."""
        return ()

    def _remark(self, observation: Observation, discovery: Discovery, candidate: Candidate) -> str:
        """A sentence for the rationale of a candidate."""
        return ""

    def candidates(self, observation: Observation) -> tuple[Candidate, ...]:
        """The candidate laws, best first."""
        return self.discover(observation).candidates

    def answer(self, question: Question) -> str:
        """JSON with `equation`, `params`, `rationale` and `initial`: the best law not given on an earlier turn."""
        discovery = self.discover(question.observation)
        turn = len(question.turns)
        candidate = discovery.candidates[turn % len(discovery.candidates)]
        answer: dict[str, Any] = {
            "equation": candidate.equation,
            "params": {name: _round(value) for name, value in candidate.params.items()},
            "rationale": _rationale(
                discovery, candidate, turn, self._remark(question.observation, discovery, candidate)
            ),
            # A first guess of the start, used only where the record does not give it: see `Answer`.
            "initial": [
                {name: _round(value) for name, value in zip(discovery.states.columns, start.tolist(), strict=True)}
                for start in candidate.initials
            ],
        }
        return orjson.dumps(answer).decode()


def _round(value: float) -> float:
    """Rounded to eight significant digits, which is more than any record determines."""
    return float(f"{value:.8g}")


def _rationale(discovery: Discovery, candidate: Candidate, turn: int, remark: str) -> str:
    errors = ", ".join(
        f"{name} = {value:.4g} +- {candidate.standard_errors[name]:.2g}" for name, value in candidate.params.items()
    )
    text = f"Sparse regression, {discovery.fits} structures fitted through the simulator; this is number {turn + 1}"
    text += f" (criterion {candidate.delta:+.1f} against the best)." if turn else "."
    return " ".join([text, remark, f"{errors}." if errors else "", *discovery.notes]).replace("  ", " ").strip()


def digest(observation: Observation) -> bytes:
    """What tells observations apart."""
    digest = hashlib.blake2b(digest_size=16)
    said = (observation.states, observation.hint, observation.hint_level, observation.clock, observation.knowledge)
    digest.update(repr(said).encode())
    for trajectory in observation.trajectories:
        digest.update(repr(trajectory.values.shape).encode())
        digest.update(np.ascontiguousarray(trajectory.t).tobytes())
        digest.update(np.ascontiguousarray(trajectory.values).tobytes())
        if trajectory.drive is not None:
            digest.update(np.ascontiguousarray(trajectory.drive.t).tobytes())
            digest.update(np.ascontiguousarray(trajectory.drive.values).tobytes())
    return digest.digest()


load = Sparse
