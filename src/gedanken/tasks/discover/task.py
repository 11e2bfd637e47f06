"""The question: which equation made this noisy trajectory? The simulator judges."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import cache, cached_property
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import orjson

from gedanken import zoo
from gedanken.errors import Unanswerable, UserError
from gedanken.loop import Key, Message, Problem, Subject, Task, Turn, Verdict, check_split
from gedanken.seeding import stream
from gedanken.tasks.discover import physix, promises, rewards, show, teacher
from gedanken.tasks.discover.answer import read_answer
from gedanken.tasks.discover.conditions import LEVELS, TYPES, Conditions, observe
from gedanken.tasks.discover.doubts import doubts
from gedanken.tasks.discover.elsewhere import draw_starts
from gedanken.tasks.discover.judge import judge_of, score_trials
from gedanken.tasks.discover.mismatch import describe_mismatch
from gedanken.tasks.discover.observation import Observation, Truth
from gedanken.tasks.discover.rewards import SOLVED, Evidence
from gedanken.worlds.ode import system, text
from gedanken.worlds.ode.knowledge import STATEMENTS, Knowledge, facts, why_not, write_knowledge
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

# An answer repeated in the conversation is cut here; a model that rambles would otherwise fill its own context.
MAX_HISTORY = 2_000
# What a reply says about the form of the next answer.
FORM_AGAIN = "Answer with one JSON object again."
EDIT = (
    'Or change the last law: {"edit": [{"scale": NAME, "by": NUMBER}]}, likewise {"drop": TERM}, {"add": TERM} or '
    '{"replace": TERM, "with": TERM}, and "in" says in which equation; new names go into "params".'
)
# A longer answer is not searched for its JSON on an event loop.
BRIEF = 4096


class DiscoverTask(Task):
    """Poses and judges `discover` problems. An answer is JSON: `equation`, `params` and, if it likes, `rationale`."""

    name = "discover"
    title = "Find the law of motion behind a noisy trajectory; a simulator verifies every proposal."
    subject_option = "system_id"
    options = TYPES
    default_player = "sparse"
    turns = 8
    # The systems of PhysiX; its two of tier 3 are held out.
    training_subjects = (
        "free_fall",
        "free_fall_drag",
        "simple_pendulum",
        "damped_pendulum",
        "spring_mass",
        "damped_spring",
    )
    evaluation_subjects = (*training_subjects, "projectile_drag", "charged_b_field")
    suite = "seed8"

    solved_at = SOLVED
    tables: ClassVar = {"generalisation": rewards.TABLE, "physix": physix.TABLE}

    def subjects(self, split: str = "test") -> tuple[str, ...]:
        """Every system; in the training split those that are not held out."""
        return _subjects(split == "train", tuple(system.names()))

    def describe(self, subject: str) -> Subject:
        """The system's law, tier and source."""
        entry = system.load(subject)
        summary = zoo.docstring(system.PACKAGE, subject).split("\n\n")[0]
        facts = {"equation": entry.equation, "source": entry.source, "summary": summary}
        return Subject(subject, entry.category, entry.held_out, entry.equation, entry.tier, facts)

    def pose(
        self, subject: str, *, split: str = "train", index: int = 0, level: int | None = None, **conditions: Any
    ) -> Problem:
        """The problem that (subject, split, index) names, observed under `conditions`.

        Args:
            subject: a system of the zoo.
            split: `train`, `val` or `test`; each has instances of its own.
            index: which instance.
            level: 1 to 5, a preset of conditions (`LEVELS`) that single conditions may override.
            conditions: fields of `Conditions`, and what is known of the law (`STATEMENTS`, as texts).

        Raises:
            UserError: an unknown subject, split, level or condition, or a held-out system in the training split.
        """
        entry = system.load(subject)
        check_split(split, subject, entry.held_out)
        if type(index) is not int or index < 0:
            raise UserError(f"index must be a whole number from 0 up, not {index!r}")
        if level is not None and level not in LEVELS:
            raise UserError(f"level is 1 to 5, not {level!r}")
        said = {name: conditions.pop(name) for name in STATEMENTS if name in conditions}
        knowledge = Knowledge.read(**said)
        unknown = set(conditions) - set(Conditions.__dataclass_fields__)
        if unknown:
            raise UserError(f"unknown condition {', '.join(sorted(unknown))}")
        chosen = replace(LEVELS[level] if level else Conditions(), **conditions)
        return self.pose_entry(entry, Key(subject, split, index, level), chosen, knowledge)

    def pose_entry(
        self, entry: system.System, key: Key, conditions: Conditions, knowledge: Knowledge = Knowledge()
    ) -> Problem:
        """As `pose`, for an entry that need not be in the zoo (a file of your own)."""
        names = (key.subject, key.split, key.index)
        if conditions.hint == "anonymous":
            entry = system.anonymise(entry)
        facts(knowledge, entry.states)
        rng = stream("discover", *names, "draw")
        first = system.draw(entry, rng)
        instances = [first] + [system.draw(entry, rng, first.params) for _ in range(conditions.trials - 1)]
        unseen = system.draw(entry, stream("discover", *names, "unseen"), first.params)
        starts = [instance.initial for instance in instances]
        others = draw_starts(entry, stream("discover", *names, "elsewhere"), first.params, starts)
        observed, scored, clean = [], [], []
        for number, instance in enumerate(instances):
            noise = stream("discover", *names, "observe", number)
            seen, kept, exact = observe(
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
            knowledge=knowledge,
        )
        truth = Truth(
            entry.equation,
            first.params,
            tuple(instance.initial for instance in instances),
            tuple(scored),
            tuple(clean),
            (system.trajectory(unseen, unseen.times),),
            entry.reads(first.params),
            tuple(system.trajectory(other, other.times) for other in others),
        )
        return Problem(
            self.name,
            replace(key, options=asdict(conditions) | knowledge.to_texts()),
            observation,
            _write_prompt(observation, conditions.rows),
            truth,
        )

    def pose_record(
        self,
        states: StateSpace,
        trajectories: Sequence[Trajectory],
        hint: str = "",
        name: str = "record",
        held_out: Sequence[Trajectory] = (),
        clock: bool | None = False,
        continues: bool = False,
        knowledge: Knowledge = Knowledge(),
    ) -> Problem:
        """A problem about a user's own data.

        Nobody knows its law, so starts are fitted to the samples and there is no teacher's answer. Laws are also tried
        on trials that are `held_out` of what players see, or on samples that continue the last trial (`continues`).
        Laws that name the time are a last resort unless `clock`. One that disagrees with `knowledge` scores nothing.

        Raises:
            UserError: the knowledge does not fit the variables.
        """
        facts(knowledge, states)
        trials = tuple(trajectories)
        truth = Truth("", {}, (None,) * len(trials), trials, held_out=tuple(held_out), continues=continues)
        observation = Observation(states, trials, hint, clock=clock, knowledge=knowledge)
        return Problem(self.name, Key(name), observation, _write_prompt(observation), truth)

    def ask(self, problem: Problem, turns: Sequence[Turn] = ()) -> list[Message]:
        """The conversation: the problem, then every answer with what the simulator said to it."""
        shown = [replace(turn, answer=turn.answer[:MAX_HISTORY]) for turn in turns]
        return [{"role": "system", "content": text.SYSTEM_MESSAGE}, *super().ask(problem, shown)]

    def reply(self, problem: Problem, turns: Sequence[Turn]) -> str:
        """Feedback and terms of the last turn, the best turn so far, and how many are left."""
        verdict = turns[-1].verdict
        lines = [verdict.feedback]
        if verdict.error is None:
            lines.append("Terms: " + ", ".join(f"{name} {verdict.terms[name]:.3f}" for name in verdict.weights) + ".")
        best = max(turns, key=lambda turn: turn.verdict.terms["match"])
        if best is not turns[-1] and best.verdict.terms["match"] > 0:
            lines.append(f"Best so far: match {best.verdict.terms['match']:.3f} with {best.verdict.reading.text}.")
        left = self.max_turns - len(turns)
        lines.append(f"{left} {'turn is' if left == 1 else 'turns are'} left. {FORM_AGAIN}")
        if left and _last_law(turns) is not None:
            lines.append(EDIT)
        return "\n".join(lines)

    def for_tool(self, problem: Problem, message: str) -> str:
        """The message with calls of `propose_law` wherever it speaks of a JSON object."""
        states = problem.observation.states
        name = self.tool.__name__
        for sentence, instead in (
            (text.FORM, f"Answer by calling the tool {name}."),
            (f"{FORM_AGAIN}\n{EDIT}", f"Call {name} again."),
            (FORM_AGAIN, f"Call {name} again."),
            (text.write_schema(states), text.write_call(states, name)),
        ):
            message = message.replace(sentence, instead)
        return message

    def solve(self, problem: Problem) -> str:
        """The law itself, as the teacher would answer.

        Raises:
            UserError: the problem is a user's own data, whose law nobody knows.
        """
        return teacher.solve(problem)

    def teach(self, problem: Problem) -> str:
        """The law in the form that students are taught, with as few digits as are still solved."""
        short = teacher.shorten(problem, lambda answer: self.verify(problem, answer).solved)
        return self.solve(problem) if short is None else short

    def teach_next(self, problem: Problem, turns: Sequence[Turn]) -> str:
        """The one change of the last law that brings it nearest to the record; the whole law where none can be said."""
        wrong = _last_law(turns)
        step = wrong and teacher.change(problem, wrong, lambda answer: self.verify(problem, answer, turns))
        return step or self.teach(problem)

    def spoil(self, problem: Problem, rng: np.random.Generator) -> str | None:
        """The law with one to three mistakes: a constant of the wrong size, a term too few, a term too many."""
        return teacher.spoil(problem, rng)

    def verify(self, problem: Problem, answer: str, turns: Sequence[Turn] = ()) -> Verdict:
        """Judge one answer by simulating it from the trials' true starts (or fitted ones, for a user's own data)."""
        # Progress counts from the best turn, not the last: a good answer cannot be sold twice by a bad one in between.
        previous = max((turn.verdict.terms["match"] for turn in turns), default=0.0)
        try:
            law = Law.of(read_answer(answer, _last_law(turns)), problem.observation.states)
        except Unanswerable as fault:
            return self._refuse(str(fault), previous)
        if problem.observation.knowledge:
            seen = problem.observation
            if reason := why_not(seen.knowledge, law, seen.trajectories):
                return self._refuse(reason, previous, law)
        judge, trials = judge_of(problem), score_trials(problem, law)
        for trial in trials:
            if trial.reason:
                return self._refuse(trial.reason, previous, law)
        r2 = sum([trial.r2 for trial in trials]) / len(trials)
        if self.reward == "physix":
            evidence, place = Evidence(r2, 1.0, True, law.equations.operators, 0, previous), ""
        else:
            shown = min(1.0, r2 / judge.ceiling) if judge.ceiling > 0 else r2
            # What the record itself refutes need not be tried elsewhere.
            elsewhere, place = judge.try_elsewhere(law, trials[-1].start) if shown > 0 else (1.0, "")
            least = judge.least_operators
            near = judge.closeness(trials)
            evidence = Evidence(shown, elsewhere, True, law.equations.operators, least, previous, near)
        terms = self.table.compute(evidence)
        match = terms["match"]
        reservations = doubts(problem, law, trials) if match > SOLVED else []
        solved = match > SOLVED and not reservations
        caution = ""
        if match < evidence.shown and not solved:
            caution = (
                f"On the record it is {evidence.shown:.3f}, but {place} it is {evidence.elsewhere:.3f}, and that "
                "counts more: the true law holds there, too."
            )
        # NaN where a column was not observed.
        columns = [sum(each) / len(trials) for each in zip(*(trial.columns for trial in trials), strict=True)]
        outcome = (
            f", wanted is more than {SOLVED}" if match <= SOLVED else "; solved" if solved else ", with a reservation"
        )
        feedback = [f"Match {match:.3f}{outcome}.", caution, *reservations]
        if not solved:
            number, worst = min(enumerate(trials), key=lambda each: each[1].r2)
            assert worst.predicted is not None  # `score` returns it unless told not to
            record = problem.truth.scored[number]
            feedback.append(describe_mismatch(problem.observation.states, record, worst.predicted, worst.columns))
        named = zip(problem.observation.states.columns, columns, strict=True)
        details = {
            **law.to_dict(),
            "r2": {name: value for name, value in named if isfinite(value)},
            "shown": evidence.shown,
            "elsewhere": evidence.elsewhere,
            **({"doubts": reservations} if reservations else {}),
        }
        return Verdict(terms, self.weights, solved, " ".join(filter(None, feedback)), reading=law, details=details)

    def _refuse(self, reason: str, previous: float, law: Law | None = None) -> Verdict:
        """The verdict on an answer that cannot be read or simulated: nothing, and why."""
        terms = self.table.compute(Evidence(0.0, 0.0, False, law.equations.operators if law else 0, 0, previous))
        details = {"equation": law.text, "params": dict(law.params)} if law else {}
        feedback = f"This answer scores 0: {reason}."
        return Verdict(terms, self.weights, False, feedback, error=reason, reading=law, details=details)

    def verify_batch(self, problems: Sequence[Problem], answers: Sequence[str]) -> list[Verdict]:
        """Judge many first answers, in order."""
        if len(problems) != len(answers):
            raise ValueError(f"{len(problems)} problems but {len(answers)} answers")
        # Threads, since the compiled part holds no lock; chunks, since a single answer takes only microseconds there.
        with ThreadPoolExecutor() as pool:
            return list(pool.map(self.verify, problems, answers, chunksize=16))

    def is_brief(self, problem: Problem, answer: str) -> bool:
        """A short answer about one trial pays for three simulations at most.

        That is 0.1 ms in common and 1.6 ms for the worst of 6,000 hostile answers, once the simulator is compiled.
        """
        return len(problem.observation.trajectories) == 1 and len(answer) <= BRIEF

    def examples(self, problem: Problem) -> list[tuple[str, str]]:
        """A law without forces, and one with constant ones."""
        sides = problem.observation.states.left_sides
        still = {"equation": "; ".join(f"{side} = 0" for side in sides), "params": {}}
        constant = {
            "equation": "; ".join(f"{side} = c{k}" for k, side in enumerate(sides)),
            "params": {f"c{k}": 1.0 for k in range(len(sides))},
        }
        laws = (("nothing acts", still), ("constants act", constant))
        return [(label, orjson.dumps(law).decode()) for label, law in laws]

    @cached_property
    def tool(self) -> Callable[..., Any]:
        """`propose_law(equation, params)`."""
        return propose_law

    def show_problem(self, problem: Problem) -> dict[str, Any]:
        """Hint, columns and trials."""
        return show.show_problem(problem)

    def show_answer(self, problem: Problem, turn: Turn) -> dict[str, Any] | None:
        """The law and its simulated trials; None where no law could be read."""
        law = turn.verdict.reading
        return None if law is None else show.draw_law(problem, law)

    def show_truth(self, problem: Problem) -> dict[str, Any] | None:
        """The true law and its simulated trials; None for a user's own data."""
        return show.show_truth(problem) if problem.truth.equation else None

    def show_subject(self, subject: str) -> dict[str, Any]:
        """The system's law, ranges, conserved quantities and source."""
        return show.show_subject(subject)

    def picture(self, problem: Problem, best: Turn | None) -> str:
        """The data beside the best law's simulation."""
        return show.picture(problem, best)

    def explain(self, subject: str, *, level: int | None = None, index: int = 0) -> str:
        """Law, source, and the prompt of one clean instance with what was drawn."""
        options: dict[str, Any] = {"noise": 0.0} if level is None else {"level": level}
        return show.explain(subject, self.pose(subject, split="test", index=index, **options))

    def zoo_page(self) -> tuple[str, str]:
        """`systems.md`."""
        return "systems.md", show.systems_page()

    def examine(self, path: Path) -> Iterator[tuple[str, str | None]] | None:
        """The promises of a file that holds a `SYSTEM`."""
        module = zoo.load_file(path)
        return promises.examine(self, path.stem, module.SYSTEM) if hasattr(module, "SYSTEM") else None


def propose_law(equation: str, params: dict[str, float] | None = None) -> dict[str, Any]:
    """Propose the law of motion. A simulator integrates it and says how well it matches the data, and where not.

    Args:
        equation: The law, one equation a variable, for example "dx/dt = v; dv/dt = -k*x".
        params: The value of each parameter that the law names, for example {"k": 2.5}.

    Returns:
        What the simulator says.
    """
    return {"equation": equation, "params": {} if params is None else params}


def _last_law(turns: Sequence[Turn]) -> Law | None:
    """The last law that could be read."""
    return next((turn.verdict.reading for turn in reversed(turns) if turn.verdict.reading is not None), None)


@cache
def _subjects(training: bool, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if not (training and system.load(name).held_out))


def _write_prompt(observation: Observation, rows: int | None = None) -> str:
    known = write_knowledge(observation.knowledge)
    budget = rows or text.ROW_BUDGET
    return text.write_prompt(observation.states, observation.trajectories, observation.hint, budget, known)


TASK = DiscoverTask
