"""The ladder from simple laws to complex ones, and the simplest law on it that predicts as well as the best.

The criterion presumes that what a law leaves over is independent noise. Where that can be checked (enough samples, and
residuals of the best law that do not resemble their neighbours), the criterion decides. Records of real instruments
often fail the check: a camera lags, a scale is bent, friction is not the textbook's. Every further term then describes
the instrument, and the criterion counts each of the samples as evidence for it. There, a longer law has to predict
samples that were left out of its fit visibly better than a shorter one, by more than such errors are worth.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gedanken.errors import Unanswerable
from gedanken.sparse.criterion import Criterion
from gedanken.sparse.discovery import Candidate
from gedanken.sparse.fitting import Fitter
from gedanken.sparse.library import Atom
from gedanken.sparse.residuals import correlation_time
from gedanken.sparse.structure import Coordinates, Model, Structure, choose_prefix, couplings, size_of, write
from gedanken.worlds.ode.fit import Program, Record, Refined, covariance_of, refine
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.trajectory import Array, StateSpace

Rows = NDArray[np.bool_]

RUNGS = 9  # rungs at most
CONTENDERS = 4  # simple laws that are tried at samples that were left out
BARE_MENTION = 2.0  # difference "not worth more than a bare mention" (Kass & Raftery, JASA 90, 1995)
FEW_SAMPLES = 100  # below which laws that differ by no more than that are ordered by length
CHECKED = 60  # samples of a column from which the independence of its noise can be checked
_SLIGHT = 2.0  # number of samples that count as one, below which their correlation is slight
EXACT = 5e-6  # share of the variance: a law that leaves less reproduces the record to the digits that are printed
# Loss of R2 up to which a simpler law predicts as well: about 2 % of a column's spread, more for a few samples.
_WORTH, _WORTH_OF_FEW = 3e-4, 0.04
# Unless the better law leaves that much less of the variance: then it is no instrument's error that it explains.
_CLEARLY = 50.0
_VISIBLE = 1e-6  # gain of R2 that makes a rung
_BLOCKS, _EVERY = 12, 3  # a single trial is cut into blocks, of which every third is left out, the last one among them
_FEWEST = 12  # samples of a trial from which blocks are left out
_GROUPS = 4  # of several trials, every fourth is left out


def descend(fitter: Fitter, model: Model) -> None:
    """Fit ever simpler laws below a model, each time without the term that the record misses least."""
    while size_of(model.structure) > 1:
        below = [
            fitter.fit(structure, coefficients, near=model, patient=True)
            for structure, coefficients in list(_without_a_term(model))[:2]
        ]
        # A term that is known to be there comes back with the fit.
        fitted = [each for each in below if each is not None and size_of(each.structure) < size_of(model.structure)]
        if not fitted:
            return
        model = min(fitted, key=lambda each: each.criterion)


def _without_a_term(model: Model) -> Iterator[tuple[list[list[Atom]], list[list[float]]]]:
    """The structures without one of the terms and their coefficients, the least significant term first."""
    errors = np.sqrt(np.diag(covariance_of(model.refined.information)))
    params = model.refined.params
    places, at = [], 0
    for e, terms in enumerate(model.structure):
        for k, atom in enumerate(terms):
            places.append((e, k, at))
            at += 1 + len(atom.inner)
    with np.errstate(all="ignore"):
        weight = np.nan_to_num(np.abs(params) / errors)
    for e, k, _ in sorted(places, key=lambda place: float(weight[place[2]])):
        kept = [(row, column, start) for row, column, start in places if (row, column) != (e, k)]
        structure: list[list[Atom]] = [[] for _ in model.structure]
        coefficients: list[list[float]] = [[] for _ in model.structure]
        for row, column, start in kept:
            structure[row].append(model.structure[row][column])
            coefficients[row].append(float(params[start]))
        yield structure, coefficients


def simplest(models: Sequence[Model], coordinates: Coordinates) -> list[Model]:
    """The best model of each number of free constants, fewest first, with and without a coupling of coordinates."""
    best: dict[tuple[int, bool], Model] = {}
    for model in models:
        kind = size_of(model.structure) - len(model.parsimony.ties), couplings(model.structure, coordinates) > 0
        if kind not in best or model.criterion < best[kind].criterion:
            best[kind] = model
    return [best[kind] for kind in sorted(best)]


def noise_times(criterion: Criterion, predicted: Array) -> Array:
    """For each column the number of samples whose noise counts as one, if these are the residuals, shape (n,)."""
    times = np.ones(criterion.states.size)
    observed = np.flatnonzero(criterion.counts > 0)
    for i, series, share in zip(observed, criterion.residuals(predicted), _left(criterion, predicted), strict=True):
        if share > EXACT:
            times[i] = correlation_time(series)
    return times


def is_noise(criterion: Criterion, predicted: Array) -> bool:
    """Whether the residuals were checked to be about independent, or are too small to matter, in every column.

    A slight correlation is accounted for by the number of samples that the criterion counts.
    """
    counts = criterion.counts[criterion.counts > 0]
    shares = _left(criterion, predicted)
    return all(
        share <= EXACT or (count >= CHECKED and correlation_time(series) < _SLIGHT)
        for series, share, count in zip(criterion.residuals(predicted), shares, counts, strict=True)
    )


def _left(criterion: Criterion, predicted: Array) -> Array:
    """Share of each observed column's variance that a prediction leaves over."""
    return 1.0 - r_squared(criterion, predicted, np.ones(len(predicted), bool))


def r_squared(criterion: Criterion, predicted: Array, rows: Rows) -> Array:
    """R2 of each observed column over the given rows (M,), relative to its spread over the whole record."""
    record, seen = criterion.record, criterion.counts > 0
    used = (record.weights[:, seen] > 0) & rows[:, None]
    error = np.where(used, (predicted - record.y)[:, seen] / record.scale[seen], 0.0)
    return np.asarray(1.0 - (error**2).sum(0) / np.maximum(used.sum(0), 1))


def leave_out(record: Record, states: int) -> tuple[Rows, str]:
    """Which rows to leave out of a fit that is to predict them, shape (M,), and what they are in words."""
    rows = np.zeros(len(record.t), bool)
    trials = list(pairwise(record.bounds))
    if len(trials) == 1:
        if len(rows) < _FEWEST:
            return rows, ""
        edges = np.linspace(0, len(rows), _BLOCKS + 1).round().astype(int)
        for block in range(_EVERY - 1, _BLOCKS, _EVERY):
            rows[edges[block] : edges[block + 1]] = True
        return rows, f"{_BLOCKS // _EVERY} windows of the record, its end among them"
    left = trials[-1:] if len(trials) < _GROUPS else trials[_GROUPS - 1 :: _GROUPS]
    for a, b in left:
        rows[min(a + max(2 * states, (b - a) // 4), b) : b] = True
    if not rows.any():
        return rows, ""
    which = "one trial" if len(left) == 1 else f"{len(left)} trials"
    return rows, f"{which} but for the first samples, which give the start"


def predict_left_out(
    criterion: Criterion, program: Program, refined: Refined, segments: int, rows: Rows, weights: Array
) -> Array:
    """R2 of each observed column over rows that are left out of a fit of the law; -inf where it cannot be fitted."""
    again = refine(
        program, refined.params, criterion.record, segments=segments, iterations=15, starts=refined.starts,
        weights=np.where(rows[:, None], 0.0, weights),
    )  # fmt: skip
    if again is None:
        return np.full(int((criterion.counts > 0).sum()), -np.inf)
    return r_squared(criterion, again.predicted, rows)


def shorter_at_a_tie(candidates: tuple[Candidate, ...], samples: int) -> tuple[Candidate, ...]:
    """With few samples, the shortest law that is worse by no more than a bare mention comes first.

    The criterion is a large-sample rule, so that its small differences mean nothing on a short record.
    """
    if samples >= FEW_SAMPLES:
        return candidates
    shortest = min((c for c in candidates if c.delta < BARE_MENTION), key=lambda c: (c.complexity, c.delta))
    return (shortest, *(c for c in candidates if c is not shortest))


def choose_headline(
    criterion: Criterion, found: Sequence[Candidate], predicted: Array, ranked: int
) -> tuple[tuple[Candidate, ...], str]:
    """The candidates, the law to report first, and why it is that one.

    Args:
        criterion: of the record.
        found: the laws, of which the first `ranked` are in the order of their criterion.
        predicted: samples as the first of them predicts them.
        ranked: how many candidates there are to be, or one more if the law to report is none of them.
    """
    candidates = tuple(found[:ranked])
    rungs = [
        Rung((c.couplings, c.complexity, c.constants), *(np.array(list(r2.values())) for r2 in (c.r2, c.left_out)))
        for c in found
    ]
    if not found[0].left_out or is_noise(criterion, predicted):
        return shorter_at_a_tie(candidates, criterion.total), ""
    chosen = choose(rungs, 0, _worth(criterion))
    if not chosen:
        return candidates, ""
    law, best = found[chosen], found[0]
    reason = (
        f"It is the simplest law that predicts as well as the longer ones: {_write_r2(law)} "
        f"against {_write_r2(best)} of the one that comes closest to the record."
    )
    return (law, *(c for c in candidates if c is not law)), reason


def _write_r2(law: Candidate) -> str:
    constants = f"{law.constants} constant{'s' * (law.constants != 1)}"
    return f"R2 {float(np.mean(list(law.left_out.values()))):.5f} on samples left out of the fit with {constants}"


def make_ladder(found: Sequence[Candidate], reported: Candidate) -> tuple[Candidate, ...]:
    """The laws by complexity, of which each is closer to the record than all simpler ones; and the one reported."""
    steps: list[Candidate] = []
    for law in sorted(found, key=lambda c: (c.complexity, c.criterion)):
        closest = max((step.match for step in steps), default=-math.inf)
        if law is reported or (law.match > closest + _VISIBLE and law.complexity <= max(found[0].complexity, 1)):
            steps.append(law)
    return tuple(steps)


def contenders(criterion: Criterion, models: Sequence[Model], best: Model) -> list[Model]:
    """The simplest of the models that are about as close to the record as the best one."""
    rows = np.ones(len(best.refined.predicted), bool)
    closest = r_squared(criterion, best.refined.predicted, rows)
    worth = _worth(criterion)
    close = [m for m in models if _is_as_good(r_squared(criterion, m.refined.predicted, rows), closest, worth)]
    return sorted(close, key=lambda m: simplicity(m.structure, criterion.states, criterion.coordinates))[:CONTENDERS]


def simplicity(structure: Structure, states: StateSpace, coordinates: Coordinates) -> tuple[int, ...]:
    """What laws are ordered by, the simplest first.

    Coordinates that need not act on each other are taken to be separate before anything else.
    """
    equation, names = write(structure, states, choose_prefix(states))
    try:
        complexity = parse(equation, states, names).complexity
    except Unanswerable:  # longer than the grammar reads
        complexity = len(equation)
    return couplings(structure, coordinates), complexity, size_of(structure)


def _worth(criterion: Criterion) -> float:
    """Loss of R2 up to which a simpler law predicts as well."""
    return _WORTH + _WORTH_OF_FEW / max(float(criterion.counts[criterion.counts > 0].mean()), 1.0)


@dataclass(frozen=True)
class Rung:
    """What the choice between laws goes by.

    Attributes:
        simplicity: what laws are ordered by, the simplest first.
        r2: R2 of each observed column.
        left_out: the same over samples that were left out of a fit, empty where that was not tried.
    """

    simplicity: tuple[int, ...]
    r2: Array
    left_out: Array


def choose(rungs: Sequence[Rung], best: int, worth: float) -> int:
    """The simplest law that predicts as well as the best one.

    Args:
        rungs: the laws.
        best: which of them has the best criterion.
        worth: loss of R2 up to which a simpler law predicts as well.
    """
    for k in sorted(range(len(rungs)), key=lambda k: (rungs[k].simplicity, k != best)):
        if k == best or (
            _is_as_good(rungs[k].r2, rungs[best].r2, worth)
            and (not len(rungs[best].left_out) or _is_as_good(rungs[k].left_out, rungs[best].left_out, worth))
        ):
            return k
    return best


def _is_as_good(r2: Array, best: Array, worth: float) -> bool:
    if not np.isfinite(r2).all():
        return False
    ours, theirs = float(np.mean(1.0 - r2)), float(np.mean(1.0 - best))
    return ours - theirs <= worth and ours <= _CLEARLY * max(theirs, EXACT)
