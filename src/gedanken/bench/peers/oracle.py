"""The upper end of the scale: the true form is given, only its parameters are fitted to the noisy record."""

import numpy as np
import orjson

from gedanken.loop import Problem, Question
from gedanken.tasks.discover.observation import Observation, Truth
from gedanken.worlds.ode.fit import Fit, fit

# On a chaotic record no single start leads through noisy data; many short pieces still pin the parameters down.
PIECES = ((64, 10), (32, 10))
FOLLOWS = 0.0


class Oracle:
    """Answers with the true equation. What it does not solve is hidden by noise from every player."""

    name = "oracle"

    def __init__(self) -> None:
        self._truth: Truth | None = None

    def peek(self, problem: Problem) -> None:
        """Look at the truth of the problem that is asked next, as no player may."""
        self._truth = problem.truth

    def answer(self, question: Question) -> str:
        """The true equation with parameters fitted through the simulator, from the true values as a first guess."""
        if self._truth is None:
            raise RuntimeError("the oracle answers in benchmarks only, where it may look")
        observation: Observation = question.observation
        equation, params = self._truth.equation, self._truth.params
        fitted = self._fit(observation).params if params else {}
        return orjson.dumps({"equation": equation, "params": dict(fitted), "rationale": "The true form."}).decode()

    def _fit(self, observation: Observation) -> Fit:
        assert self._truth is not None
        law = self._truth.equation, self._truth.params, observation.states, observation.trajectories
        whole = fit(*law)
        return whole if np.nanmin(whole.r2, initial=np.inf) > FOLLOWS else fit(*law, schedule=PIECES)


load = Oracle
