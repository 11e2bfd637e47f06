"""Laws fitted again for the report: to high accuracy, with tied constants tied or free, and their fragility priced."""

from dataclasses import dataclass

import numpy as np

from gedanken.errors import Unanswerable
from gedanken.sparse.search import Search
from gedanken.sparse.structure import DRIVING_DRAG, Model, count_driving_drags, limits_by_name, write, write_tied
from gedanken.sparse.tying import Tie
from gedanken.worlds.ode.fit import Program, Refined, refine, simulate_pieces
from gedanken.worlds.ode.trajectory import Array

UNUSABLE = 1e6  # cost of a law whose simulation fails from the smoothed start: any other law comes first
FRAGILE = 8.0  # cost of a law that leaves the record whenever its start moves by one standard deviation of the noise
_LEAVES = 0.1  # change of the simulation, as a share of its variance, that counts as leaving the record


@dataclass(frozen=True)
class Finished:
    """A law as it is reported: equation and parameters, its criterion, the fit they come from, its structure."""

    equation: str
    params: dict[str, float]
    criterion: float
    program: Program
    refined: Refined
    weights: Array
    model: Model


def finish(search: Search, model: Model) -> Finished:
    """Fit a model to high accuracy, with its tied constants tied or, if that is better, free."""
    criterion, fitter = search.criterion, search.fitter
    rms = np.sqrt(criterion.mean_square(model.refined.predicted))
    scale = np.ones(search.states.size)
    scale[criterion.counts > 0] = np.maximum(rms, 1e-3)
    weights = criterion.record.weights / scale
    tied = model.parsimony
    options: list[tuple[Array, dict[int, Tie], float]] = [(tied.params, tied.ties, tied.bonus)]
    if tied.ties:
        options.append((model.refined.params, criterion.given.ties(model.structure), 0.0))
    laws: list[Finished] = []
    for params, ties, bonus in options:
        equation, values = write_tied(model.structure, search.states, params.tolist(), ties, fitter.prefix)
        try:
            program = fitter.compiler(equation, tuple(values))
        except Unanswerable:  # longer than the grammar reads
            continue
        limits = criterion.given.limits(model.structure)
        if limits is not None:
            ends = np.array(limits_by_name(model.structure, params.tolist(), ties, limits)).reshape(-1, 2)
            limits = ends[:, 0].copy(), ends[:, 1].copy()
        refined = refine(
            program, np.array(list(values.values())), criterion.record, segments=model.segments,
            starts=model.refined.starts, weights=weights, tolerance=1e-9, rtol=1e-8,
            limits=limits,
        )  # fmt: skip
        if refined is None:
            continue
        cost = criterion.of(model.structure, refined) - bonus + _fragility(search, program, refined)
        cost += DRIVING_DRAG * count_driving_drags(model.structure, params)
        laws.append(
            Finished(
                equation,
                dict(zip(values, refined.params.tolist(), strict=True)),
                cost,
                program,
                refined,
                weights,
                model,
            )
        )
    if not laws:
        equation, names = write(model.structure, search.states, fitter.prefix)
        values = dict(zip(names, model.refined.params.tolist(), strict=True))
        return Finished(equation, values, model.criterion, model.program, model.refined, weights, model)
    return min(laws, key=lambda law: law.criterion)


def _fragility(search: Search, program: Program, refined: Refined) -> float:
    """Cost of a law that follows the record from its fitted start, but not from starts that the data allow as well.

    It is `FRAGILE` times the share of starts, one standard deviation of the noise away, from which the law leaves the
    record. Such a law owes its fit to the choice of the start. A sensitive (chaotic) record is exempt: there the true
    law does the same.
    """
    record, scale = search.criterion.record, search.criterion.scale
    if search.fitter.sensitive or len(refined.starts) != len(record.bounds) - 1:
        return 0.0
    # The simulation from the smoothed start only has to succeed: where there is no noise, the fitted start can be many
    # standard deviations away from it at little cost.
    firsts = record.bounds[:-1]
    smoothed = simulate_pieces(
        program, refined.params, record.t, record.bounds, record.guess[firsts], scale, record.drives
    )
    if smoothed is None:
        return UNUSABLE
    left = tried = 0
    total = (((refined.predicted - refined.predicted.mean(0)) / scale) ** 2).sum()
    for i in range(search.states.size):
        for sign in (-1.0, 1.0):
            weights = record.weights[firsts, i]
            starts = refined.starts.copy()
            starts[:, i] += sign * np.where(weights > 0, 1.0 / np.where(weights > 0, weights, 1.0), 0.0)
            moved = simulate_pieces(program, refined.params, record.t, record.bounds, starts, scale, record.drives)
            tried += 1
            left += moved is None or (((moved - refined.predicted) / scale) ** 2).sum() > _LEAVES * total
    return FRAGILE * left / tried
