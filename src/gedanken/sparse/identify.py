"""Choose the laws to report: the best, its uncertainties, the rivals the record cannot exclude, and how to decide.

The best laws of the search are fitted again, to higher accuracy and with their shared constants shared. Rivals within
`INDISTINCT` of the best are reported as not identified, with the start from which their predictions differ most.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from gedanken.errors import UserError
from gedanken.sparse.criterion import Criterion
from gedanken.sparse.discovery import INDISTINCT, Candidate, Discovery, Experiment
from gedanken.sparse.finishing import Finished, finish
from gedanken.sparse.ladder import (
    RUNGS,
    Rows,
    choose_headline,
    contenders,
    descend,
    is_noise,
    leave_out,
    make_ladder,
    noise_times,
    predict_left_out,
    simplest,
)
from gedanken.sparse.search import Search
from gedanken.sparse.structure import (
    couplings,
    size_of,
)
from gedanken.sparse.usable import keep_usable
from gedanken.worlds.ode.fit import covariance_of, simulate_pieces
from gedanken.worlds.ode.knowledge import Knowledge, why_not
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

CANDIDATES = 8  # laws that are reported
SHORT = 40  # samples below which a note asks for caution
_NOISE_FOLLOWS = 0.05  # relative range of a column's noise, above which it is reported to follow the signal


# Some of the proposed laws overflow; they are dropped.
@np.errstate(all="ignore")
def discover(
    states: StateSpace,
    trajectories: Sequence[Trajectory],
    hint: str = "",
    *,
    clock: bool | None = True,
    progress: Callable[[str], None] | None = None,
    seconds: float = math.inf,
    improved: Callable[[str, dict[str, float], float], None] | None = None,
    check: Callable[[], None] = lambda: None,
    knowledge: Knowledge = Knowledge(),
    proposals: Sequence[Law] = (),
    whole: bool = False,
) -> Discovery:
    """Find the laws that explain records of one system.

    The same arguments give the same result, since the work is bounded by numbers of fits. A limit in seconds, meant for
    interactive use, returns the best law found until then.

    Args:
        states: the state variables; a velocity may be unobserved (all NaN).
        trajectories: one or more trials, each with its own start, shared parameters.
        hint: a sentence about the scene. It only lowers the prior cost of some atoms.
        clock: laws may name the time, as far as periodic forces go. False: these are tried only if no law without them
            explains the record. None: never.
        progress: called with a sentence at each stage.
        seconds: wall-clock limit.
        improved: called with equation, constants and criterion of the best law so far, at stages where it is a new one.
        check: called before each fit; what it raises ends the search.
        knowledge: what is known of the law: only laws that agree with it are tried, and reported first.
        proposals: laws that somebody else proposes. They are fitted after the search's own, so that the best criterion
            is never worse than without them.
        whole: only laws matter that can be followed through each trial from one start; no law of pieces is looked for
            where there are none.

    Raises:
        UserError: no trajectory, too few samples, a variable without samples that the others do not determine, or no
            law of the library can be simulated over the record.
    """
    trials = keep_usable(states, trajectories)
    end = time.monotonic() + seconds

    def stop() -> bool:
        check()
        return time.monotonic() > end

    search = Search(states, trials, hint, progress, stop, clock, knowledge, improved, proposals, whole)
    search.run()
    outlying = search.outliers()
    left_out = int(sum(mask.sum() for mask in outlying))
    if left_out:
        # These outliers passed the smoother as part of the signal and may have biased the law: search without them.
        trials = [replace(t, values=np.where(mask, np.nan, t.values)) for t, mask in zip(trials, outlying, strict=True)]
        search = Search(states, trials, hint, progress, stop, clock, knowledge, improved, proposals, whole)
        search.run()
    criterion, fitter = search.criterion, search.fitter
    if fitter.best is None:
        raise UserError(
            "no law of the library can be simulated over the record; check its units and times, or give a shorter part"
        )
    times = np.ones(states.size)
    if fitter.best.segments == 1:
        times = noise_times(criterion, fitter.best.refined.predicted)
        if (times > 1).any():
            criterion.correlate(times)
            fitter.reprice()
        descend(fitter, fitter.best)
    best = fitter.best
    models = [m for m in fitter.models.values() if m is not None and m.segments == best.segments]
    models = [best, *(m for m in sorted(models, key=lambda m: m.criterion) if m is not best)]
    steps = [m for m in simplest(models, criterion.coordinates) if size_of(m.structure) <= size_of(best.structure) + 2][
        :RUNGS
    ]
    if best.segments > 1:
        steps = []
    elif not is_noise(criterion, best.refined.predicted):
        steps += [m for m in contenders(criterion, models, best) if m not in steps]
    laws = {m.key: finish(search, m) for m in (*models[: CANDIDATES + 2], *steps)}
    if knowledge:
        agreeing = {key: law for key, law in laws.items() if not _disagrees(search, law, knowledge)}
        laws = agreeing or laws
        models, steps = [m for m in models if m.key in laws], [m for m in steps if m.key in laws]
    first = [laws[m.key] for m in models[: CANDIDATES + 2] if m.key in laws]
    ranked = sorted(first, key=lambda law: law.criterion)[:CANDIDATES]
    rungs = [*ranked, *(law for m in steps if (law := laws[m.key]) not in ranked)]
    rows, words = leave_out(criterion.record, states.size) if steps else (np.zeros(criterion.record.t.size, bool), "")
    found = [_candidate(search, law, ranked[0].criterion, times, rows) for law in rungs]
    candidates, reason = choose_headline(criterion, found, ranked[0].refined.predicted, len(ranked))
    linear = [finish(search, m) for m in search.fit_linear()] if steps and not knowledge else []
    found += [_candidate(search, law, ranked[0].criterion, times, rows) for law in linear]
    indistinct = [law for law in ranked if law.criterion - ranked[0].criterion < INDISTINCT]
    observed = [i for i in range(states.size) if criterion.counts[i] > 0]
    names = states.columns
    sigma = np.concatenate([s.sigma for s in criterion.smoothed])
    used = criterion.record.weights > 0
    noise = {names[i]: float(np.median(sigma[used[:, i], i])) for i in observed}
    uneven = [i for i in observed if np.ptp(sigma[used[:, i], i]) > _NOISE_FOLLOWS * noise[names[i]]]
    discovery = Discovery(
        states=states,
        candidates=candidates,
        noise=noise,
        proportional=tuple(names[i] for i in uneven),
        outliers=left_out + int(sum(s.outliers.sum() for s in criterion.smoothed)),
        segments=fitter.best.segments,
        experiment=_experiment(criterion, indistinct),
        notes=(),
        fits=fitter.fits,
        ladder=make_ladder(found, candidates[0]) if steps else (),
        reason=reason,
        left_out=words,
        correlation={names[i]: float(times[i]) for i in observed},
        gave_up=search.gave_up,
    )
    return replace(discovery, notes=tuple(_notes(discovery, search)))


def _disagrees(search: Search, law: Finished, knowledge: Knowledge) -> bool:
    read = Law.of(Answer(law.equation, law.params), search.states)
    return bool(why_not(knowledge, read, search.criterion.trajectories))


def _candidate(search: Search, law: Finished, best: float, times: Array, rows: Rows) -> Candidate:
    """A law with all that is reported of it.

    Args:
        search: that found it.
        law: the law.
        best: the best criterion.
        times: number of samples of each column whose noise counts as one, shape (n,).
        rows: which samples to leave out of a fit that is to predict them, shape (M,).
    """
    criterion = search.criterion
    record, states, program, refined = criterion.record, criterion.states, law.program, law.refined
    # Samples whose noise is alike determine the constants less well than as many independent ones.
    alike = float(times[criterion.counts > 0].mean())
    errors = np.sqrt(np.diag(covariance_of(refined.information)) * alike)
    segments = len(refined.starts) // max(len(record.bounds) - 1, 1)
    bounds = record.segments(max(segments, 1))
    firsts = [int(np.searchsorted(bounds, a)) for a in record.bounds[:-1]]
    initials = tuple(refined.starts[k] for k in firsts)
    whole = refined.predicted
    if len(bounds) > len(record.bounds):
        followed = simulate_pieces(
            program, refined.params, record.t, record.bounds, np.array(initials), criterion.scale, record.drives
        )
        whole = np.full_like(record.y, np.inf) if followed is None else followed
    r2 = {}
    observed = [states.columns[i] for i in range(states.size) if criterion.counts[i] > 0]
    chi2 = dict(zip(observed, criterion.mean_square(refined.predicted).tolist(), strict=True))
    for i, name in enumerate(states.columns):
        seen = record.weights[:, i] > 0
        if seen.sum() >= 2:
            y = record.y[seen, i]
            total = float(((y - y.mean()) ** 2).sum())
            error = float(((y - whole[seen, i]) ** 2).sum())
            r2[name] = 1.0 - error / total if total > 0 else float(error == 0)
    left_out = {}
    if rows.any():
        reached = predict_left_out(criterion, program, refined, law.model.segments, rows, law.weights)
        left_out = dict(zip(observed, reached.tolist(), strict=True))
    match = float(np.mean([min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0 for value in r2.values()]))
    return Candidate(
        equation=law.equation,
        params=law.params,
        standard_errors=dict(zip(law.params, errors.tolist(), strict=True)),
        criterion=law.criterion,
        delta=law.criterion - best,
        match=match,
        r2=r2,
        chi2=chi2,
        complexity=parse(law.equation, states, law.params).complexity,
        initials=initials,
        terms=sum(len(terms) for terms in law.model.structure),
        couplings=couplings(law.model.structure, criterion.coordinates),
        left_out=left_out,
        proposed=search.proposals.owns(law.model.structure),
    )


def _experiment(criterion: Criterion, laws: Sequence[Finished]) -> Experiment | None:
    """The start from which the best law and its closest rival differ most, for as long as the first trial.

    It is chosen among multiples of the first trial's start, and shifts of it by up to five spreads of a column. A
    variable that was positive throughout the record stays so.
    """
    if len(laws) < 2:
        return None
    record, scale = criterion.record, criterion.scale
    t = record.t[: record.bounds[1]]
    grid = np.linspace(t[0], t[-1], 200)
    first = laws[0].refined.starts[0]
    noise = np.array([np.median(1.0 / w[w > 0]) if (w > 0).any() else np.inf for w in record.weights.T])
    positive = [bool(lowest > 0) for lowest in record.guess.min(0)]
    starts = [first * k for k in (0.25, 0.5, 1.5, 2.0)]
    for i in range(len(first)):
        for k in (-5.0, -2.0, -1.0, 1.0, 2.0, 5.0):
            moved = first.copy()
            moved[i] += k * scale[i]
            if not positive[i] or moved[i] > 0:
                starts.append(moved)
    best: Experiment | None = None
    for start in starts:
        runs = [
            simulate_pieces(
                law.program, law.refined.params, grid, np.array([0, len(grid)]), start[None, :], scale, record.drives
            )
            for law in laws
        ]
        if runs[0] is None:
            continue
        rivals = [np.abs(run - runs[0]) for run in runs[1:] if run is not None]
        if not rivals:
            continue
        closest = min(rivals, key=lambda gap: float((gap / scale).max()))
        separation, in_noise = float((closest / scale).max()), float((closest / noise).max())
        if best is None or separation > best.separation:
            state = dict(zip(criterion.states.columns, start.tolist(), strict=True))
            best = Experiment(state, float(t[-1] - t[0]), separation, in_noise)
    return best


def _notes(discovery: Discovery, search: Search) -> list[str]:
    notes = []
    columns, counts, total = discovery.states.columns, search.criterion.counts, search.criterion.total
    hidden = [columns[i] for i in range(len(columns)) if counts[i] == 0]
    if hidden:
        notes.append(f"{', '.join(hidden)} was not measured; it is inferred from the positions.")
    if total < SHORT:
        notes.append(f"The record is short ({total} readings): take the form with caution.")
    if discovery.segments > 1:
        notes.append(
            "No single start can be followed through the record (it is chaotic or very sensitive), so the law was "
            f"fitted on {discovery.segments} pieces of it."
        )
    elif search.fitter.sensitive:
        notes.append("The record is very sensitive to its start; the fit was grown from short pieces to the whole.")
    if discovery.proportional:
        notes.append(f"The noise of {', '.join(discovery.proportional)} grows with the signal.")
    if discovery.outliers:
        notes.append(f"{discovery.outliers} outlying readings were left out.")
    rivals = len(discovery.indistinct) - 1
    if rivals:
        sentence = f"Not identified: {rivals} other form{'s' if rivals > 1 else ''} within the noise"
        if discovery.experiment is not None and discovery.experiment.noise > 3:
            start = ", ".join(f"{name} = {value:.3g}" for name, value in discovery.experiment.start.items())
            sentence += f"; they would part by {discovery.experiment.noise:.0f} standard deviations from {start}"
        notes.append(sentence + ".")
    if any(value > 2.0 for value in discovery.best.chi2.values()):
        notes.append("The best law leaves more than noise: the true one may not be in the library.")
    return notes
