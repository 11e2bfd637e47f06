"""From a search to a statement: the law, its uncertainties, what else would do, and which experiment would decide."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gedanken.errors import UserError
from gedanken.sparse.search import Search
from gedanken.sparse.structure import PUSHED, Model, pushes, write, write_tied
from gedanken.sparse.tying import Tie
from gedanken.statistics import Z95
from gedanken.worlds.ode.fit import Program, Refined, covariance_of, refine, simulate_pieces
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

CANDIDATES = 8
INDISTINCT = 6.0  # difference of criteria, about a factor of 20 in probability, below which data do not decide
TIE = 2.0  # difference "not worth more than a bare mention" (Kass and Raftery, 1995)
FEW_READINGS = 100
UNUSABLE = 1e6  # cost of a law that blows up from where the data themselves begin: any other law comes first
FRAGILE = 8.0  # cost of a law that the noise of its start throws off the record altogether
_SAMPLES = 1000  # of a trajectory that are used; longer ones are thinned evenly


@dataclass(frozen=True)
class Candidate:
    """One law that was fitted to the record.

    Attributes:
        equation: its text in the grammar.
        params: its parameters.
        standard_errors: one standard deviation of each, `inf` where the record does not determine it.
        criterion: minus twice the log posterior, up to a constant that all candidates share; smaller is better.
        delta: how far its criterion is above the best one.
        match: mean R2 over the observed columns, each in [0, 1], simulated from one start a trajectory.
        r2: R2 of each observed column.
        chi2: mean squared residual of each observed column in units of the smoother's noise; 1 is perfect.
        complexity: operators, variables and constants.
        initials: fitted state at the first sample of each trajectory.
    """

    equation: str
    params: Mapping[str, float]
    standard_errors: Mapping[str, float]
    criterion: float
    delta: float
    match: float
    r2: Mapping[str, float]
    chi2: Mapping[str, float]
    complexity: int
    initials: tuple[Array, ...]

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % interval of each parameter, given the form."""
        reach = {name: Z95 * error for name, error in self.standard_errors.items()}
        return {name: (value - reach[name], value + reach[name]) for name, value in self.params.items()}


@dataclass(frozen=True)
class Experiment:
    """A start from which laws that agree on the record would part.

    Attributes:
        start: the state to start from.
        duration: how long to watch.
        parting: largest difference between the best law and the next that is not told from it, in spreads of a column.
        noise: the same in standard deviations of the noise.
    """

    start: Mapping[str, float]
    duration: float
    parting: float
    noise: float


@dataclass(frozen=True)
class Discovery:
    """What a search found.

    Attributes:
        states: the state variables.
        candidates: laws, best first.
        noise: standard deviation of the noise of each observed column (its median, where it follows the signal).
        proportional: columns whose noise is in proportion to the signal.
        outliers: samples that were left out.
        segments: pieces a trajectory was cut into for the fit; 1 unless no start can be followed through all of it.
        experiment: where the laws that are not told apart would differ most; None when there is only one.
        notes: what a reader must know, in sentences.
        fits: structures that were fitted.
    """

    states: StateSpace
    candidates: tuple[Candidate, ...]
    noise: Mapping[str, float]
    proportional: tuple[str, ...]
    outliers: int
    segments: int
    experiment: Experiment | None
    notes: tuple[str, ...]
    fits: int

    @property
    def best(self) -> Candidate:
        """The law that the record and the prior prefer."""
        return self.candidates[0]

    @property
    def indistinct(self) -> tuple[Candidate, ...]:
        """The laws that the record does not tell from the best one, that one included."""
        return tuple(c for c in self.candidates if c.delta < INDISTINCT)


# Laws that overflow are proposed as a matter of course, and dropped where they do.
@np.errstate(all="ignore")
def discover(
    states: StateSpace,
    trajectories: Sequence[Trajectory],
    hint: str = "",
    *,
    progress: Callable[[str], None] | None = None,
    seconds: float = math.inf,
) -> Discovery:
    """Find the laws that explain records of one system.

    The same arguments give the same result: the work is bounded by counts. A limit in seconds is a safety net for
    interactive use and gives the best found so far.

    Args:
        states: the state variables; a velocity may be unobserved (all NaN).
        trajectories: one or more trials, each with its own start, shared parameters.
        hint: a sentence about the scene. It makes families of atoms cheaper and nothing else.
        progress: called with a sentence at each stage.
        seconds: wall-clock limit.

    Raises:
        UserError: a variable that has to be observed is not, or there are too few samples.
    """
    trials = [_usable(states, trajectory) for trajectory in trajectories]
    if not trials:
        raise UserError("there is no trajectory to look at")
    end = time.monotonic() + seconds
    search = Search(states, trials, hint, progress, lambda: time.monotonic() > end)
    search.run()
    odd = search.outliers()
    left_out = int(sum(mask.sum() for mask in odd))
    if left_out:
        # What the smoother took for a feature, the law tells to be an outlier. It may have bent the law: search again.
        trials = [replace(t, values=np.where(mask, np.nan, t.values)) for t, mask in zip(trials, odd, strict=True)]
        search = Search(states, trials, hint, progress, lambda: time.monotonic() > end)
        search.run()
    if search.best is None:
        raise UserError("no law of the library can be simulated over the record")
    models = [m for m in search.models.values() if m is not None and m.segments == search.best.segments]
    models = [search.best, *(m for m in sorted(models, key=lambda m: m.criterion) if m is not search.best)]
    finished = [_finish(search, model) for model in models[: CANDIDATES + 2]]
    best = min(criterion for _, criterion, _, _ in finished)
    ranked = sorted(finished, key=lambda row: row[1])[:CANDIDATES]
    candidates = tuple(_candidate(search, *row, best) for row in ranked)
    if search.total < FEW_READINGS:
        # The criterion is a large-sample rule; where there are few readings a tie goes to the shorter law.
        shortest = min((c for c in candidates if c.delta < TIE), key=lambda c: (c.complexity, c.delta))
        candidates = (shortest, *(c for c in candidates if c is not shortest))
    close = [(program, refined) for (_, criterion, program, refined) in ranked if criterion - best < INDISTINCT]
    observed = [i for i in range(states.size) if search.counts[i] > 0]
    names = states.columns
    sigma = np.concatenate([s.sigma for s in search.smoothed])
    used = search.record.weights > 0
    noise = {names[i]: float(np.median(sigma[used[:, i], i])) for i in observed}
    uneven = tuple(names[i] for i in observed if np.ptp(sigma[used[:, i], i]) > 0.05 * noise[names[i]])
    outliers = left_out + int(sum(s.outliers.sum() for s in search.smoothed))
    experiment = _experiment(search, close)
    discovery = Discovery(
        states, candidates, noise, uneven, outliers, search.best.segments, experiment, (), search.fits
    )
    return _with_notes(discovery, search)


def _usable(states: StateSpace, trajectory: Trajectory) -> Trajectory:
    """The trajectory, thinned where it is long."""
    for i, derivative in enumerate(states.derivative_of):
        unobserved = not trajectory.observed[i]
        velocity = i > 0 and states.derivative_of[i - 1] == i
        if unobserved and not velocity and (derivative is None or not trajectory.observed[derivative]):
            raise UserError(f"{states.columns[i]} has fewer than two samples, so no law of it can be found")
    if len(trajectory.t) < 4:
        raise UserError(f"a trajectory of {len(trajectory.t)} samples is too short to find a law from; 4 are needed")
    if len(trajectory.t) <= _SAMPLES:
        return trajectory
    kept = np.unique(np.linspace(0, len(trajectory.t) - 1, _SAMPLES).round().astype(int))
    return Trajectory(trajectory.t[kept], trajectory.values[kept], trajectory.name)


Finished = tuple[tuple[str, dict[str, float]], float, Program, Refined]


def _finish(search: Search, model: Model) -> Finished:
    """Fit a model for good, with its shared constants shared: law, criterion, program, fit."""
    rms = np.sqrt(search.mean_square(model.refined.predicted))
    scale = np.ones(search.states.size)
    scale[search.counts > 0] = np.maximum(rms, 1e-3)
    weights = search.record.weights / scale
    tied = model.parsimony
    options: list[tuple[Array, dict[int, Tie], float]] = [(tied.params, tied.ties, tied.bonus)]
    if tied.ties:
        options.append((model.refined.params, {}, 0.0))
    found: list[Finished] = []
    for params, ties, bonus in options:
        equation, values = write_tied(model.structure, search.states, params.tolist(), ties, search.prefix)
        program = search.compiler(equation, tuple(values))
        refined = refine(
            program, np.array(list(values.values())), search.record, segments=model.segments,
            starts=model.refined.starts, weights=weights, tolerance=1e-9, rtol=1e-8,
        )  # fmt: skip
        if refined is None:
            continue
        law = (equation, dict(zip(values, refined.params.tolist(), strict=True)))
        criterion = search.criterion(model.structure, refined) - bonus + _fragility(search, program, refined)
        criterion += PUSHED * pushes(model.structure, params)
        found.append((law, criterion, program, refined))
    if not found:
        equation, names = write(model.structure, search.states, search.prefix)
        law = (equation, dict(zip(names, model.refined.params.tolist(), strict=True)))
        return law, model.criterion, model.program, model.refined
    return min(found, key=lambda row: row[1])


def _fragility(search: Search, program: Program, refined: Refined) -> float:
    """Cost of a law that follows the record from its fitted start but not from starts that the data allow as well.

    Such a law owes its fit to the start. A record that is sensitive in itself says nothing of the kind.
    """
    record = search.record
    if search.sensitive or len(refined.starts) != len(record.bounds) - 1:
        return 0.0
    # Without noise the fitted start can lie many standard deviations off the smoothed one and still cost little.
    suggested = simulate_pieces(
        program, refined.params, record.t, record.bounds, record.guess[record.bounds[:-1]], search.scale
    )
    if suggested is None:
        return UNUSABLE
    lost = tried = 0
    total = (((refined.predicted - refined.predicted.mean(0)) / search.scale) ** 2).sum()
    for i in range(search.states.size):
        for sign in (-1.0, 1.0):
            weights = record.weights[record.bounds[:-1], i]
            starts = refined.starts.copy()
            starts[:, i] += sign * np.where(weights > 0, 1.0 / np.where(weights > 0, weights, 1.0), 0.0)
            moved = simulate_pieces(program, refined.params, record.t, record.bounds, starts, search.scale)
            tried += 1
            if moved is None or (((moved - refined.predicted) / search.scale) ** 2).sum() > 0.1 * total:
                lost += 1
    return FRAGILE * lost / tried


def _candidate(
    search: Search, law: tuple[str, dict[str, float]], criterion: float, program: Program, refined: Refined, best: float
) -> Candidate:
    equation, params = law
    record, states = search.record, search.states
    errors = np.sqrt(np.diag(covariance_of(refined.information)))
    segments = len(refined.starts) // max(len(record.bounds) - 1, 1)
    bounds = record.segments(max(segments, 1))
    firsts = [int(np.searchsorted(bounds, a)) for a in record.bounds[:-1]]
    initials = tuple(refined.starts[k] for k in firsts)
    whole = refined.predicted
    if len(bounds) > len(record.bounds):
        followed = simulate_pieces(program, refined.params, record.t, record.bounds, np.array(initials), search.scale)
        whole = np.full_like(record.y, np.inf) if followed is None else followed
    r2 = {}
    observed = [states.columns[i] for i in range(states.size) if search.counts[i] > 0]
    chi2 = dict(zip(observed, search.mean_square(refined.predicted).tolist(), strict=True))
    for i, name in enumerate(states.columns):
        seen = record.weights[:, i] > 0
        if seen.sum() >= 2:
            y = record.y[seen, i]
            total = float(((y - y.mean()) ** 2).sum())
            error = float(((y - whole[seen, i]) ** 2).sum())
            r2[name] = 1.0 - error / total if total > 0 else float(error == 0)
    match = float(np.mean([min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0 for value in r2.values()]))
    return Candidate(
        equation, params, dict(zip(params, errors.tolist(), strict=True)), criterion, criterion - best, match, r2, chi2,
        parse(equation, states, params).complexity, initials,
    )  # fmt: skip


def _experiment(search: Search, close: Sequence[tuple[Program, Refined]]) -> Experiment | None:
    """The start, among scaled and shifted ones, where the closest rival parts most from the best law."""
    if len(close) < 2:
        return None
    record = search.record
    t = record.t[: record.bounds[1]]
    grid = np.linspace(t[0], t[-1], 200)
    first = close[0][1].starts[0]
    noise = np.array([np.median(1.0 / w[w > 0]) if (w > 0).any() else np.inf for w in record.weights.T])
    positive = [bool(lowest > 0) for lowest in record.guess.min(0)]
    starts = [first * k for k in (0.25, 0.5, 1.5, 2.0)]
    for i in range(len(first)):
        for k in (-5.0, -2.0, -1.0, 1.0, 2.0, 5.0):
            moved = first.copy()
            moved[i] += k * search.scale[i]
            if not positive[i] or moved[i] > 0:
                starts.append(moved)
    best: Experiment | None = None
    for start in starts:
        runs = [
            simulate_pieces(program, refined.params, grid, np.array([0, len(grid)]), start[None, :], search.scale)
            for program, refined in close
        ]
        if runs[0] is None:
            continue
        rivals = [np.abs(run - runs[0]) for run in runs[1:] if run is not None]
        if not rivals:
            continue
        worst = min(rivals, key=lambda gap: float((gap / search.scale).max()))
        parting, in_noise = float((worst / search.scale).max()), float((worst / noise).max())
        if best is None or parting > best.parting:
            state = dict(zip(search.states.columns, start.tolist(), strict=True))
            best = Experiment(state, float(t[-1] - t[0]), parting, in_noise)
    return best


def _with_notes(discovery: Discovery, search: Search) -> Discovery:
    notes = []
    columns = discovery.states.columns
    hidden = [columns[i] for i in range(len(columns)) if search.counts[i] == 0]
    if hidden:
        notes.append(f"{', '.join(hidden)} was not measured; it is inferred from the positions.")
    if search.total < 40:
        notes.append(f"The record is short ({search.total} readings): take the form with caution.")
    if discovery.segments > 1:
        notes.append(
            "No single start can be followed through the record (it is chaotic or very sensitive), so the law was "
            f"fitted on {discovery.segments} pieces of it."
        )
    elif search.sensitive:
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
    return replace(discovery, notes=tuple(notes))
