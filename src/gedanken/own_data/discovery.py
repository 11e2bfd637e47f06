"""From a record to a verified law: read it, let a player find the law, fit intervals, test what was held out."""

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.loop import Player, Problem, Turn, play
from gedanken.own_data.examples import list_examples, load_example
from gedanken.own_data.read.tables import read_trajectories
from gedanken.own_data.report.contents import Alternative, DiscoveryReport, to_json, write_report
from gedanken.tasks.discover.observation import Observation
from gedanken.tasks.discover.task import HINT_LEVELS, DiscoverTask, score_trials
from gedanken.worlds.ode import system
from gedanken.worlds.ode.fit import Fit, fit
from gedanken.worlds.ode.law.latex import latex
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.simulate import Answer, Track, score, simulate
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

CURVE_POINTS = 600
# Loss of R2 that is put down to fitting against another weighting of the columns.
FIT_TOLERANCE = 2e-3


@dataclass(frozen=True)
class Record:
    """Something to discover: a problem, and what a report says about where it is from.

    Attributes:
        title: what was measured.
        problem: the posed problem; its observation is what players see.
        held_out: trials, or a trial's later samples, that no player sees.
        continues: whether the held-out samples continue the last fitted trial instead of having a start of their own.
        units: unit of each column that has one.
        time: name of the time column.
        time_unit: its unit.
        source: where the data are from.
        notes: what was assumed or left out in reading them.
        caveats: what is known about the data that numbers cannot show.
    """

    title: str
    problem: Problem
    held_out: tuple[Trajectory, ...] = ()
    continues: bool = False
    units: Mapping[str, str] = field(default_factory=dict)
    time: str = "t"
    time_unit: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Law:
    """The best law of an episode, as far as the record determines it.

    Attributes:
        equation: in the grammar.
        params: the best parameter values.
        standard_errors: one standard deviation of each, infinite where the record does not determine it; None where no
            fit came out at least as good as the answer.
        starts: the state at the first sample of each trial, shape (n,) each.
        r2: R2 of each observed column over the fitted trials.
    """

    equation: str
    params: Mapping[str, float]
    standard_errors: Mapping[str, float] | None
    starts: tuple[Array, ...]
    r2: Mapping[str, float]


@dataclass(frozen=True)
class Finding:
    """What a player found out about a record.

    Attributes:
        record: what was looked at.
        player: who looked.
        turns: the episode.
        best: the turn with the best match, None when no turn could be read.
        law: its law, None when no turn could be read.
        alternatives: other laws that the player weighed.
        criterion: the best law's own rank, on the alternatives' scale.
        held_out_r2: R2 of each column over the held-out samples.
        seconds: how long it took.
    """

    record: Record
    player: str
    turns: tuple[Turn, ...]
    best: Turn | None
    law: Law | None
    alternatives: tuple[Alternative, ...] = ()
    criterion: float | None = None
    held_out_r2: Mapping[str, float] | None = None
    seconds: float = 0.0

    @property
    def solved(self) -> bool:
        """Whether the verifier accepted a turn."""
        return any(turn.verdict.solved for turn in self.turns)


def read_record(
    data: str,
    *,
    hint: str | None = None,
    fit_until: float | None = None,
    hold_out: bool = False,
    noise: float | None = None,
    index: int = 0,
    split: str = "test",
    conditions: Mapping[str, Any] | None = None,
    **table: Any,
) -> Record:
    """A record from what a user names: a file, a shipped example, or a system of the zoo.

    Args:
        data: path, example or system.
        hint: a sentence about the scene; for a system, `full`, `names` or `anonymous`.
        fit_until: samples after this time are held out.
        hold_out: the last trial is held out.
        noise: of a system's problem.
        index: of a system's problem.
        split: of a system's problem.
        conditions: of a system's problem.
        table: how to read a file: `time`, `state`, `trial`, `order`.

    Raises:
        UserError: there is no such thing, or it cannot be used; one sentence.
    """
    table = {name: value for name, value in table.items() if value is not None}
    path = Path(data)
    if path.exists() or path.suffix or "/" in data:
        return _read_file(path, hint, fit_until, hold_out, table)
    if data in list_examples():
        return _read_example(data, hint, fit_until, hold_out, table)
    if data not in system.names():
        raise UserError(
            f"there is no file, example or system called {data!r}; examples are {', '.join(list_examples())}, "
            "and `gedanken zoo list` names the systems"
        )
    if table or fit_until is not None or hold_out:
        raise UserError(f"{data} is a system of the zoo; columns and held-out samples are for your own data")
    options = dict(conditions or {})
    if noise is not None:
        options["noise"] = noise
    if hint is not None:
        if hint not in HINT_LEVELS:
            raise UserError(f"the hint of a system is {', '.join(HINT_LEVELS)}, not {hint!r}")
        options["hint"] = hint
    problem = DiscoverTask().pose(data, split=split, index=index, **options)
    return Record(f"{data}, {split} {index}", problem, source=system.load(data).source)


def _read_example(
    name: str, hint: str | None, fit_until: float | None, hold_out: bool, table: Mapping[str, Any]
) -> Record:
    example = load_example(name)
    # What the user says of the columns replaces what the example says; naming other states drops its order with them.
    options = {**({} if "state" in table else example.options), **table}
    record = _read_file(example.path, example.hint if hint is None else hint, fit_until, hold_out, options)
    return replace(record, title=example.title, source=example.source, caveats=example.caveats)


def _read_file(
    path: Path, hint: str | None, fit_until: float | None, hold_out: bool, table: Mapping[str, Any]
) -> Record:
    recording = read_trajectories(path, **table)
    trials, continues = recording.trajectories, False
    held_out: tuple[Trajectory, ...] = ()
    if hold_out:
        if len(trials) < 2:
            raise UserError(f"{path} holds one trial; holding one out needs two (see --trial)")
        trials, held_out = trials[:-1], trials[-1:]
    if fit_until is not None:
        if held_out or len(trials) > 1:
            raise UserError("--fit-until is for one trial; with several, hold the last one out")
        trials, held_out = _cut(trials[0], fit_until)
        continues = True
    problem = DiscoverTask().pose_record(recording.states, trials, hint or "", path.stem)
    return Record(
        path.name,
        problem,
        held_out,
        continues,
        recording.units,
        recording.time,
        recording.time_unit,
        notes=recording.notes,
    )


def _cut(trial: Trajectory, until: float) -> tuple[tuple[Trajectory, ...], tuple[Trajectory, ...]]:
    early = trial.t <= until
    if early.sum() < 4 or (~early).sum() < 2:
        raise UserError(
            f"--fit-until {until:g} leaves {early.sum()} samples to fit and {(~early).sum()} to predict; "
            f"the record runs from {trial.t[0]:g} to {trial.t[-1]:g}"
        )
    return (
        (Trajectory(trial.t[early], trial.values[early], trial.name),),
        (Trajectory(trial.t[~early], trial.values[~early], f"after {until:g}"),),
    )


def run(
    record: Record,
    player: Player,
    turns: int | None = None,
    on_turn: Callable[[int, Turn], None] | None = None,
) -> Finding:
    """Play the episode and work out what its best law says.

    Raises:
        PlayerError: the player could not answer at all.
    """
    start = time.perf_counter()
    played: list[Turn] = []
    for turn in play(DiscoverTask(), player, record.problem, turns):
        played.append(turn)
        if on_turn:
            on_turn(len(played), turn)
    best = max(
        (turn for turn in played if not turn.verdict.error), key=lambda turn: turn.verdict.terms["match"], default=None
    )
    observation: Observation = record.problem.observation
    ranked = getattr(player, "candidates", None)
    candidates = ranked(observation) if ranked and best else ()
    mine = next((c for c in candidates if best and _same_text(c.equation, best, observation.states)), None)
    others = [c for c in candidates if c is not mine]
    finding = Finding(
        record,
        player.name,
        tuple(played),
        best,
        None if best is None else _law(record.problem, best, mine),
        tuple(Alternative(c.equation, c.params, c.criterion, c.match) for c in others),
        mine.criterion if mine else None,
        seconds=time.perf_counter() - start,
    )
    return replace(finding, held_out_r2=_held_out_r2(finding))


def _same_text(equation: str, turn: Turn, states: StateSpace) -> bool:
    details = turn.verdict.details
    return bool(parse(equation, states, details["params"]).text() == details["equation"])


def _law(problem: Problem, best: Turn, candidate: Any) -> Law:
    """The law of a turn: with the player's own fit where it ranks candidates, else fitted here to the record."""
    details = best.verdict.details
    columns = problem.observation.states.columns
    if candidate is not None:
        errors = candidate.standard_errors
        return Law(details["equation"], candidate.params, errors, candidate.initials, details["r2"])
    fitted = _fit(problem, best)
    if fitted is not None:
        r2 = {name: float(value) for name, value in zip(columns, fitted.r2, strict=True) if np.isfinite(value)}
        return Law(details["equation"], fitted.params, fitted.standard_errors, fitted.initials, r2)
    trials = score_trials(problem, _proposal(best))
    starts = tuple(
        trial.values[0] if result.start is None else result.start
        for trial, result in zip(problem.truth.scored, trials, strict=True)
    )
    return Law(details["equation"], details["params"], None, starts, details["r2"])


def _fit(problem: Problem, best: Turn) -> Fit | None:
    """The turn's law with its parameters fitted to the record; None where that ends worse than the answer itself."""
    proposal = _proposal(best)
    states, trials = problem.observation.states, problem.truth.scored
    # The answer's own trajectory is where the fit begins: it is at least as good as what the samples alone suggest.
    predicted = [each.predicted for each in score_trials(problem, proposal)]
    guess = [values for values in predicted if values is not None and np.isfinite(values).all()]
    tried = []
    if len(guess) == len(trials):
        tried.append(fit(proposal.equation, proposal.params, states, trials, guess=guess, schedule=((1, 30),)))
    if not tried or _mean_r2(tried[0]) < best.verdict.terms["match"] - FIT_TOLERANCE:
        tried.append(fit(proposal.equation, proposal.params, states, trials))
    fitted = max(tried, key=_mean_r2)
    return fitted if _mean_r2(fitted) >= best.verdict.terms["match"] - FIT_TOLERANCE else None


def _mean_r2(fitted: Fit) -> float:
    """Mean over the observed columns, minus infinity where nothing could be simulated from a single start."""
    seen = fitted.r2[np.isfinite(fitted.r2)]
    return float(np.mean(seen)) if len(seen) and fitted.segments == 1 else -np.inf


def _proposal(best: Turn) -> Answer:
    details = best.verdict.details
    return Answer(details["equation"], details["params"], details["rationale"], tuple(details["initial"]))


def _follow(finding: Finding, start: Array, t: Array) -> Array:
    """The law from `start` at t[0], shape (m, n), NaN from where it ends."""
    law, states = _known(finding), finding.record.problem.observation.states
    values = np.empty((len(t), len(start)))
    # The simulator takes at most 1,024 times at once.
    for a in range(0, len(t) - 1, 1000):
        piece = slice(a, min(a + 1001, len(t)))
        solution = simulate(law.equation, states, law.params, start, t[piece]).values
        values[piece], start = solution, solution[-1]
        if not np.isfinite(start).all():
            values[piece.stop :] = np.nan
            break
    return values


def _known(finding: Finding) -> Law:
    """The law of a finding.

    Raises:
        UserError: no turn could be read, so there is none.
    """
    if finding.law is None:
        reason = finding.turns[-1].verdict.error if finding.turns else "it had no turn"
        raise UserError(f"{finding.player} gave no answer that could be scored: {reason}")
    return finding.law


def _predict(finding: Finding) -> tuple[list[Array], list[Array]]:
    """The law at the samples of the fitted trials, and at those of the held-out ones."""
    record = finding.record
    trials = record.problem.observation.trajectories
    law = _known(finding)
    fitted = [_follow(finding, start, trial.t) for start, trial in zip(law.starts, trials, strict=True)]
    if not record.held_out:
        return fitted, []
    if record.continues:
        t = np.concatenate([trials[-1].t[:1], record.held_out[0].t])
        return fitted, [_follow(finding, law.starts[-1], t)[1:]]
    states = record.problem.observation.states
    held = [score(Track(states, trial), law.equation, law.params) for trial in record.held_out]
    return fitted, [
        np.full_like(trial.values, np.nan) if result.predicted is None else result.predicted
        for trial, result in zip(record.held_out, held, strict=True)
    ]


def _held_out_r2(finding: Finding) -> dict[str, float] | None:
    """R2 of each observed column over the held-out samples; the mean it is measured against is their own."""
    if not finding.record.held_out or finding.law is None:
        return None
    _, predicted = _predict(finding)
    found = {}
    for k, name in enumerate(finding.record.problem.observation.states.columns):
        seen = np.concatenate([trial.values[:, k] for trial in finding.record.held_out])
        said = np.concatenate([values[:, k] for values in predicted])
        real = np.isfinite(seen)
        if real.sum() < 2:
            continue
        spread = ((seen[real] - seen[real].mean()) ** 2).sum()
        missed = ((seen[real] - said[real]) ** 2).sum()
        found[name] = float(1.0 - missed / spread) if np.isfinite(missed) and spread > 0 else float("-inf")
    return found


def report(finding: Finding, command: Sequence[str] = ()) -> DiscoveryReport:
    """Everything that the written report shows.

    Raises:
        UserError: no turn could be read, so there is nothing to report.
    """
    law = _known(finding)
    record = finding.record
    observation: Observation = record.problem.observation
    states: StateSpace = observation.states
    trials = observation.trajectories
    fitted, held = _predict(finding)
    return DiscoveryReport(
        title=record.title,
        hint=observation.hint,
        states=states,
        trajectories=(*trials, *record.held_out),
        predictions=(*fitted, *held),
        equation=law.equation,
        params=law.params,
        r2=law.r2,
        solved=finding.solved,
        player=finding.player,
        latex=latex(parse(law.equation, states, tuple(law.params))),
        standard_errors=law.standard_errors,
        curves=_curves(finding),
        alternatives=finding.alternatives,
        criterion=finding.criterion,
        held_out=tuple(range(len(trials), len(trials) + len(held))),
        held_out_r2=finding.held_out_r2,
        turns=finding.turns,
        rationale=finding.best.verdict.details["rationale"] if finding.best else "",
        units=record.units,
        time=record.time,
        time_unit=record.time_unit,
        source=record.source,
        notes=record.notes,
        caveats=record.caveats,
        command=shlex.join(command),
        seconds=finding.seconds,
    )


def _curves(finding: Finding) -> tuple[Trajectory, ...]:
    """The law at many times, over each fitted trial and then over each held-out one."""
    record = finding.record
    law, states = _known(finding), record.problem.observation.states
    trials = record.problem.observation.trajectories
    pieces = [
        (start, np.linspace(trial.t[0], trial.t[-1], CURVE_POINTS))
        for start, trial in zip(law.starts, trials, strict=True)
    ]
    found = [Trajectory(t, _follow(finding, start, t)) for start, t in pieces]
    for trial in record.held_out:
        if record.continues:
            t = np.linspace(trials[-1].t[0], trial.t[-1], 2 * CURVE_POINTS)
            later = t >= trials[-1].t[-1]
            found.append(Trajectory(t[later], _follow(finding, law.starts[-1], t)[later]))
        else:
            t = np.linspace(trial.t[0], trial.t[-1], CURVE_POINTS)
            start = score(Track(states, trial), law.equation, law.params).start
            found.append(Trajectory(t, _follow(finding, trial.values[0] if start is None else start, t)))
    return tuple(found)


def write(finding: Finding, folder: Path, command: Sequence[str] = ()) -> dict[str, Path]:
    """Write `report.md`, `report.json` and `fit.png` into `folder`; the paths by name."""
    return write_report(report(finding, command), folder)


def to_dict(finding: Finding, command: Sequence[str] = ()) -> dict[str, Any]:
    """The report as JSON-able data."""
    return to_json(report(finding, command))
