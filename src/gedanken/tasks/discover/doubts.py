"""Why a law of a person's own record is not plainly solved, although it follows the record closely."""

from collections.abc import Sequence

import numpy as np

from gedanken.loop import Problem
from gedanken.sparse.residuals import likeness
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.simulate import Score

# Share of a column's variance that is left over, above which it matters whether it is noise.
MATTERS = 0.01


def doubts(problem: Problem, law: Law, trials: Sequence[Score]) -> list[str]:
    """The doubts about a law, a sentence each; none where the law behind the record is known anyway.

    Args:
        problem: what the law is about.
        law: the law.
        trials: its scores on the trials, with predictions.
    """
    if problem.truth.equation:
        return []
    found = []
    if law.equations.uses_time and not problem.observation.clock:
        found.append(
            "It names the time t, and a sum of functions of the time follows any record: that is a last resort and no "
            "explanation."
        )
    for k, name in enumerate(problem.observation.states.columns):
        pairs = [
            (trial.values[:, k], each.predicted[:, k])
            for trial, each in zip(problem.truth.scored, trials, strict=True)
            if each.predicted is not None
        ]
        observed = np.concatenate([values for values, _ in pairs]) if pairs else np.empty(0)
        residuals = [values - predicted for values, predicted in pairs]
        left = np.concatenate(residuals) if pairs else np.empty(0)
        known = np.isfinite(left)
        if known.sum() < 2 or not float(np.var(left[known])) > MATTERS * float(np.var(observed[known])):
            continue
        if (alike := likeness(residuals)) is not None:
            found.append(
                f"What it leaves over in {name} is not noise: neighbouring residuals are alike (correlation "
                f"{alike:.2f})."
            )
    return found
