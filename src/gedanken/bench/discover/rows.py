"""What became of one problem of `discover`: the player's best answer, measured against the clean truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.bench import form
from gedanken.bench.discover.suite import Item, Suite, third_trajectory
from gedanken.loop import Player, Problem, play
from gedanken.tasks.discover.observation import Truth
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode import odebench
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.parser import Equations, parse
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import Trajectory

# Simulations that judge are a hundred times tighter than those that score answers in a loop.
RTOL, ATOL, FUEL = 1e-8, 1e-10, 20_000_000


@dataclass(frozen=True)
class Row:
    """What became of one problem.

    Attributes:
        subject: what it was about.
        index: which draw or start.
        equation: the best answer's law; empty when no answer could be read.
        params: its parameters.
        r2: of the clean record, simulated from its clean start; the least of the trials. None: not simulated.
        r2_unseen: of the clean record from a start that was not shown.
        r2_third: ODEBench's single starts only: of the record from half-way between its two starts.
        solved: `r2` is above the suite's threshold.
        generalises: `r2_unseen` is.
        form: the law has exactly the true law's terms.
        equivalent: it has not, but no data of the two starts can tell it from the true law.
        coefficient_error: where the form is right, the largest relative error of a term's coefficient.
        form_any: some answer of the episode has the true form.
        complexity: operators, variables and constants of the law.
        true_complexity: the same of the truth.
        seconds: time that the player took for all its answers.
        turns: how many answers it gave.
        error: why the best answer scored nothing, or None.
    """

    subject: str
    index: int
    equation: str
    params: Mapping[str, float]
    r2: float | None
    r2_unseen: float | None
    r2_third: float | None
    solved: bool
    generalises: bool
    form: bool
    equivalent: bool
    coefficient_error: float | None
    form_any: bool
    complexity: int
    true_complexity: int
    seconds: float
    turns: int
    error: str | None


def measure(suite: Suite, item: Item, problem: Problem, player: Player, turns: int = 1) -> Row:
    """Let the player answer, and measure its best answer against the clean truth."""
    if hasattr(player, "peek"):
        player.peek(problem)  # only the oracle, the upper end of the scale, looks at the truth
    task = DiscoverTask(max_turns=turns)
    played = list(play(task, player, problem, turns))
    best = max(played, key=lambda turn: turn.verdict.terms["match"])
    truth: Truth = problem.truth
    states = problem.observation.states
    law = parse(truth.equation, states, truth.params)
    samples = (*truth.clean, *truth.unseen)
    true = law.bind(truth.params)
    laws: list[Law | None] = [turn.verdict.reading for turn in played]
    forms = [each is not None and form.same_form(true, _bind(each), samples) for each in laws]
    proposed = laws[played.index(best)]
    r2 = r2_unseen = r2_third = None
    if proposed is not None:
        r2 = _least(suite, proposed, truth.clean)
        r2_unseen = _least(suite, proposed, truth.unseen)
        if suite.kind == "odebench" and item.index >= 0:
            r2_third = _least(suite, proposed, [third_trajectory(odebench.find(item.subject))])
    solved = r2 is not None and r2 > suite.threshold
    generalises = r2_unseen is not None and r2_unseen > suite.threshold
    has_form = forms[played.index(best)]
    equivalent = (
        proposed is not None
        and not has_form
        and solved
        and generalises
        and form.is_equivalent_on(true, proposed.equations, proposed.params, samples)
    )
    return Row(
        item.subject,
        item.index,
        proposed.text if proposed else "",
        dict(proposed.params) if proposed else {},
        r2,
        r2_unseen,
        r2_third,
        solved,
        generalises,
        has_form,
        equivalent,
        form.coefficient_error(true, _bind(proposed)) if proposed and has_form else None,
        any(forms),
        proposed.equations.complexity if proposed else 0,
        law.complexity,
        sum(turn.seconds for turn in played),
        len(played),
        best.verdict.error,
    )


def _bind(law: Law) -> Equations:
    """The equations with the values of their parameters in place."""
    return law.equations.bind(law.params)


def _least(suite: Suite, law: Law, clean: Sequence[Trajectory]) -> float | None:
    """Least R2 of a law over clean trajectories, each simulated from its own first state; None where it breaks."""
    scores = []
    for trajectory in clean:
        solution = simulate(
            law.text, law.states, law.params, trajectory.values[0], trajectory.t,
            rtol=RTOL, atol=ATOL, fuel=FUEL,
        )  # fmt: skip
        if solution.reason:
            return None
        scores.append(r_squared(trajectory.values, solution.values, suite.score))
    return min(scores)


def r_squared(true: np.ndarray, proposed: np.ndarray, score: str) -> float:
    """R2 over columns (m, n): the `mean` of the columns' own, or `weighted` by their variances.

    Weighted is `sklearn.metrics.r2_score(..., multioutput="variance_weighted")`, the rule of ODEBench. A column that
    does not move has no R2 and is left out of both.
    """
    errors = ((proposed - true) ** 2).sum(0)
    spreads = ((true - true.mean(0)) ** 2).sum(0)
    moves = spreads > 1e-20 * np.maximum((true**2).sum(0), 1e-300)
    if score == "weighted":
        return float(1.0 - errors[moves].sum() / spreads[moves].sum())
    return float(np.mean(1.0 - errors[moves] / spreads[moves]))
