"""The question: which equation made this noisy trajectory? The simulator judges."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import orjson

from gedanken.errors import Unanswerable, UserError
from gedanken.loop import Message, Problem, Turn, Verdict
from gedanken.seeding import Key, stream
from gedanken.tasks.discover.answer import read_answer
from gedanken.tasks.discover.mismatch import describe_mismatch
from gedanken.tasks.discover.observation import Observation, Truth
from gedanken.tasks.discover.rewards import OPERATOR_BUDGET, SOLVED, Evidence, compute_terms, weights
from gedanken.worlds.ode import corrupt, system, text
from gedanken.worlds.ode.law.parser import Equations, parse
from gedanken.worlds.ode.simulate import Answer, Score, Track, score
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

# An answer repeated in the conversation is cut here; a model that rambles would otherwise fill its own context.
MAX_HISTORY = 2_000
# Twice the operators that simplicity pays for: nothing honest in the zoo is this long, a fitted polynomial is.
COPY_OPERATORS = 2 * OPERATOR_BUDGET

HINT_LEVELS = ("full", "names", "anonymous")


_LIMITS = {
    "noise": (0.0, 1.0),
    "samples": (8, 1000),
    "gaps": (0, 5),
    "outliers": (0.0, 0.2),
    "trials": (1, 16),
    "rows": (4, 200),
}


@dataclass(frozen=True)
class Conditions:
    """How a system is observed.

    Attributes:
        noise: standard deviation of the noise, as a share of each column's own.
        samples: how many samples; None for the system's own number.
        uneven: sample times drawn at random instead of evenly.
        gaps: how many spans of a tenth of the record are missing.
        outliers: share of the samples that are wrong by several standard deviations.
        positions_only: velocities are not observed.
        trials: how many starts are observed.
        hint: `full`, `names` (says what the variables are) or `anonymous` (variables are renamed, too).
        rows: rows of the record that the prompt shows, for models with little context; None for as many as are useful.
            All samples count in the verdict.
    """

    noise: float = 0.05
    samples: int | None = None
    uneven: bool = False
    gaps: int = 0
    outliers: float = 0.0
    positions_only: bool = False
    trials: int = 1
    hint: str = "full"
    rows: int | None = None

    def __post_init__(self) -> None:
        # Conditions arrive from command lines and sockets, so their types are looked at, too.
        for name in ("uneven", "positions_only"):
            if type(getattr(self, name)) is not bool:
                raise UserError(f"{name} must be true or false, not {getattr(self, name)!r}")
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if name in ("samples", "rows") and value is None:
                continue
            kinds = (int,) if type(low) is int else (int, float)
            if type(value) not in kinds:
                raise UserError(f"{name} must be a {'whole ' if type(low) is int else ''}number, not {value!r}")
            if not low <= value <= high:
                raise UserError(f"{name} must lie between {low} and {high}, not {value}")
        if self.hint not in HINT_LEVELS:
            raise UserError(f"hint is {', '.join(HINT_LEVELS)}, not {self.hint!r}")


# How hard an instance is. The record gets noisier, then irregular, then incomplete.
LEVELS: dict[int, Conditions] = {
    1: Conditions(noise=0.0),
    2: Conditions(noise=0.01),
    3: Conditions(noise=0.05),
    4: Conditions(noise=0.10, uneven=True),
    5: Conditions(noise=0.10, uneven=True, gaps=1, outliers=0.02),
}


class DiscoverTask:
    """Poses and judges `discover` problems. An answer is JSON: `equation`, `params` and, if it likes, `rationale`."""

    name = "discover"

    def __init__(self, max_turns: int = 8, mode: str = "episode"):
        """A task whose episodes last `max_turns`; `mode` chooses the weights: `episode` or single-turn `training`."""
        self.max_turns = max_turns
        self.mode = mode
        self.weights = weights(mode)

    def pose(
        self, subject: str, *, split: str = "train", index: int = 0, level: int | None = None, **conditions: Any
    ) -> Problem:
        """The problem that (subject, split, index) names, observed under `conditions`.

        Args:
            subject: a system of the zoo.
            split: `train`, `val` or `test`; each has instances of its own.
            index: which instance.
            level: 1 to 5, a preset of conditions (`LEVELS`) that single conditions may override.
            conditions: fields of `Conditions`.

        Raises:
            UserError: an unknown subject, split, level or condition, or a held-out system in the training split.
        """
        entry = system.load(subject)
        if split not in ("train", "val", "test"):
            raise UserError(f"split is train, val or test, not {split!r}")
        if split == "train" and entry.held_out:
            raise UserError(f"{subject} is held out from training; use split val or test")
        if type(index) is not int or index < 0:
            raise UserError(f"index must be a whole number from 0 up, not {index!r}")
        if level is not None and level not in LEVELS:
            raise UserError(f"level is 1 to 5, not {level!r}")
        unknown = set(conditions) - set(Conditions.__dataclass_fields__)
        if unknown:
            raise UserError(f"unknown condition {', '.join(sorted(unknown))}")
        chosen = replace(LEVELS[level] if level else Conditions(), **conditions)
        return self.pose_entry(entry, (subject, split, index), chosen)

    def pose_entry(self, entry: system.System, key: tuple[Key, ...], conditions: Conditions) -> Problem:
        """As `pose`, for an entry that need not be in the zoo (a file of your own)."""
        if conditions.hint == "anonymous":
            entry = system.anonymise(entry)
        rng = stream("discover", *key, "draw")
        first = system.draw(entry, rng)
        instances = [first] + [system.draw(entry, rng, first.params) for _ in range(conditions.trials - 1)]
        unseen = system.draw(entry, stream("discover", *key, "unseen"), first.params)
        observed, scored, clean = [], [], []
        for number, instance in enumerate(instances):
            noise = stream("discover", *key, "observe", number)
            seen, kept, exact = _observe(
                instance, conditions, noise, f"trial {number + 1}" if number or conditions.trials > 1 else ""
            )
            observed.append(seen)
            scored.append(kept)
            clean.append(exact)
        observation = Observation(
            entry.states,
            tuple(observed),
            first.hint if conditions.hint == "full" else entry.names_hint,
            conditions.hint,
        )
        truth = Truth(
            entry.equation,
            first.params,
            tuple(instance.initial for instance in instances),
            tuple(scored),
            tuple(clean),
            (system.trajectory(unseen, unseen.times),),
            entry.reads(first.params),
        )
        full_key = (*key, *(value for value in asdict(conditions).values()))
        return Problem(
            self.name, str(key[0]), full_key, observation, _write_prompt(observation, conditions.rows), truth
        )

    def pose_record(
        self, states: StateSpace, trajectories: Sequence[Trajectory], hint: str = "", name: str = "record"
    ) -> Problem:
        """A problem about a user's own data.

        Nobody knows its law, so starts are fitted to the samples and there is no teacher's answer.
        """
        trials = tuple(trajectories)
        truth = Truth("", {}, (None,) * len(trials), trials)
        observation = Observation(states, trials, hint)
        return Problem(self.name, name, (name,), observation, _write_prompt(observation), truth)

    def ask(self, problem: Problem, turns: Sequence[Turn] = ()) -> list[Message]:
        """The conversation: the problem, then every answer with what the simulator said to it."""
        messages: list[Message] = [
            {"role": "system", "content": text.SYSTEM_MESSAGE},
            {"role": "user", "content": problem.prompt},
        ]
        for number, turn in enumerate(turns, 1):
            messages.append({"role": "assistant", "content": turn.answer[:MAX_HISTORY]})
            messages.append({"role": "user", "content": self.reply(problem, turns[:number])})
        return messages

    def reply(self, problem: Problem, turns: Sequence[Turn]) -> str:
        """Feedback and terms of the last turn, the best turn so far, and how many are left."""
        verdict = turns[-1].verdict
        lines = [verdict.feedback]
        if verdict.error is None:
            lines.append("Terms: " + ", ".join(f"{name} {verdict.terms[name]:.3f}" for name in verdict.weights) + ".")
        best = max(turns, key=lambda turn: turn.verdict.terms["match"])
        if best is not turns[-1] and best.verdict.terms["match"] > 0:
            lines.append(
                f"Best so far: match {best.verdict.terms['match']:.3f} with {best.verdict.details['equation']}."
            )
        left = self.max_turns - len(turns)
        lines.append(f"{left} {'turn is' if left == 1 else 'turns are'} left. Answer with one JSON object again.")
        return "\n".join(lines)

    def solve(self, problem: Problem) -> str:
        """The law itself, as the teacher would answer.

        Raises:
            UserError: the problem is a user's own data, whose law nobody knows.
        """
        if not problem.truth.equation:
            raise UserError("nobody knows the law behind this record, so there is no teacher's answer")
        answer = {
            "equation": problem.truth.equation,
            "params": dict(problem.truth.params),
            "rationale": "The law itself.",
        }
        return orjson.dumps(answer).decode()

    def verify(self, problem: Problem, answer: str, turns: Sequence[Turn] = ()) -> Verdict:
        """Judge one answer by simulating it from the trials' true starts (or fitted ones, for a user's own data)."""
        # Progress counts from the best turn, not the last: a good answer cannot be sold twice by a bad one in between.
        previous = max((turn.verdict.terms["match"] for turn in turns), default=0.0)
        try:
            proposal = read_answer(answer)
            equations = parse(proposal.equation, problem.observation.states, proposal.params)
        except Unanswerable as fault:
            return self._refuse(str(fault), previous)
        trials = score_trials(problem, proposal)
        for trial in trials:
            if trial.reason:
                return self._refuse(trial.reason, previous, equations, proposal.params)
        match = sum([trial.r2 for trial in trials]) / len(trials)
        caution = ""
        if _could_copy(equations):
            elsewhere = _match_elsewhere(problem, proposal)
            if elsewhere < match:
                match = elsewhere
                caution = (
                    "A law that names t or is this long can copy a record, so it was tried at another time and "
                    f"from another start: match there is {elsewhere:.3f}, and that counts."
                )
        terms = compute_terms(Evidence(match, True, equations.operators, previous))
        solved = match > SOLVED
        # NaN where a column was not observed.
        columns = [sum(each) / len(trials) for each in zip(*(trial.columns for trial in trials), strict=True)]
        number, worst = min(enumerate(trials), key=lambda each: each[1].r2)
        assert worst.predicted is not None  # `score` returns it unless told not to
        shape = describe_mismatch(
            problem.observation.states, problem.truth.scored[number], worst.predicted, worst.columns
        )
        feedback = [f"Match {match:.3f}{'; solved' if solved else f', wanted is more than {SOLVED}'}."]
        feedback += [part for part in (caution, shape if not solved else "") if part]
        return Verdict(
            terms,
            self.weights,
            solved,
            " ".join(feedback),
            details={
                "equation": equations.text(),
                "params": dict(proposal.params),
                "rationale": proposal.rationale,
                "initial": [dict(trial) for trial in proposal.initial],
                "operators": equations.operators,
                "r2": {
                    name: value
                    for name, value in zip(problem.observation.states.columns, columns, strict=True)
                    if isfinite(value)
                },
            },
        )

    def _refuse(
        self,
        reason: str,
        previous: float,
        equations: Equations | None = None,
        params: Mapping[str, float] | None = None,
    ) -> Verdict:
        """The verdict on an answer that cannot be read or simulated: nothing, and why."""
        terms = compute_terms(Evidence(0.0, False, equations.operators if equations else 0, previous))
        details = {"equation": equations.text(), "params": dict(params or {})} if equations else {}
        return Verdict(terms, self.weights, False, f"This answer scores 0: {reason}.", error=reason, details=details)

    def verify_batch(self, problems: Sequence[Problem], answers: Sequence[str]) -> list[Verdict]:
        """Judge many first answers, in order."""
        if len(problems) != len(answers):
            raise ValueError(f"{len(problems)} problems but {len(answers)} answers")
        # Threads, since the compiled part holds no lock; chunks, since a single answer takes only microseconds there.
        with ThreadPoolExecutor() as pool:
            return list(pool.map(self.verify, problems, answers, chunksize=16))


def _write_prompt(observation: Observation, rows: int | None = None) -> str:
    return text.write_prompt(observation.states, observation.trajectories, observation.hint, rows or text.ROW_BUDGET)


def _observe(
    instance: system.Instance, conditions: Conditions, rng: np.random.Generator, name: str
) -> tuple[Trajectory, Trajectory, Trajectory]:
    """One trial: what is shown, what is scored (the same less its outliers), and the clean samples at those times."""
    t = instance.times if conditions.samples is None else np.linspace(0.0, instance.duration, conditions.samples)
    if conditions.uneven:
        t = corrupt.uneven_times(t, rng)
    clean = system.trajectory(instance, t, name)
    seen = corrupt.add_noise(clean, conditions.noise, rng)
    for _ in range(conditions.gaps):
        seen = corrupt.cut_gap(seen, 0.1, rng)
    if conditions.positions_only:
        seen = corrupt.hide_velocities(seen, instance.system.states)
    kept = seen
    if conditions.outliers:
        seen, wrong = corrupt.add_outliers(seen, conditions.outliers, rng)
        kept = replace(seen, values=np.where(wrong, np.nan, seen.values))
    return seen, kept, clean


def _could_copy(equations: Equations) -> bool:
    """Whether a law has room to write down the record instead of explaining it."""
    return equations.uses_time or equations.operators > COPY_OPERATORS


# Packing a record takes as long as scoring it, and an episode scores the same ones again and again.
_tracks: WeakKeyDictionary[Truth, tuple[Track, ...]] = WeakKeyDictionary()


def _pack_trials(problem: Problem) -> tuple[Track, ...]:
    truth: Truth = problem.truth
    tracks = _tracks.get(truth)
    if tracks is None:
        states = problem.observation.states
        tracks = tuple(Track(states, *trial) for trial in zip(truth.scored, truth.initials, strict=True))
        _tracks[truth] = tracks
    return tracks


def score_trials(problem: Problem, proposal: Answer) -> list[Score]:
    """The simulator's word on each trial, from its true start or, where that is unknown, from the best it can fit."""
    truth: Truth = problem.truth
    states = problem.observation.states
    found = []
    for number, (trial, start, track) in enumerate(
        zip(truth.scored, truth.initials, _pack_trials(problem), strict=True)
    ):
        best = score(track, proposal.equation, proposal.params)
        if start is None and number < len(proposal.initial):
            named = proposal.initial[number]
            guess = [named.get(name, value) for name, value in zip(states.columns, track.y0, strict=True)]
            if np.isfinite(guess).all():
                other = score(Track(states, trial, guess=guess), proposal.equation, proposal.params)
                best = max(best, other, key=lambda each: (not each.reason, each.r2))
        found.append(best)
    return found


def _match_elsewhere(problem: Problem, proposal: Answer) -> float:
    """Worst match on clean trajectories that no player has seen; 1 where there are none.

    They are one from another start and, where the law itself does not name t, the later half of each trial with the
    clock set back to 0: starts can resemble each other, but a copy of a record in t never survives the shift.
    """
    truth: Truth = problem.truth
    states = problem.observation.states
    elsewhere = list(truth.unseen)
    if truth.equation and not parse(truth.equation, states, truth.params).uses_time:
        for trial in truth.clean:
            half = len(trial.t) // 2
            elsewhere.append(Trajectory(trial.t[half:] - trial.t[half], trial.values[half:]))
    tracks = [Track(states, trial, trial.values[0]) for trial in elsewhere]
    return min((score(track, proposal.equation, proposal.params).r2 for track in tracks), default=1.0)


TASK = DiscoverTask
