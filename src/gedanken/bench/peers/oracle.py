"""The upper end of the scale: the true form is given, only its parameters are fitted to the noisy record."""

import orjson

from gedanken.loop import Problem, Question
from gedanken.tasks.discover.observation import Observation, Truth
from gedanken.worlds.ode.fit import fit


class Oracle:
    """Answers with the true equation. What it misses, the noise hides from everybody."""

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
        fitted = fit(equation, params, observation.states, observation.trajectories).params if params else {}
        return orjson.dumps({"equation": equation, "params": dict(fitted), "rationale": "The true form."}).decode()


load = Oracle
