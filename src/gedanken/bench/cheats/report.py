"""`gedanken bench hostile`: what cheats are paid, by kind."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import gedanken
from gedanken import tasks
from gedanken.bench import cheats
from gedanken.bench.cheats.judges import judge_of
from gedanken.bench.runner import Progress
from gedanken.errors import UserError
from gedanken.loop import Problem, Task
from gedanken.markdown import table
from gedanken.tasks.terms import MODES

# Named by the rule of this benchmark that changed last; results record it.
VERSION = "hostile-2"

PAID = 0.10
EXAMPLES = 5
ROUNDING = 1e-9
# Conditions of the problems of each task: what `pose` is told besides the subject.
CONDITIONS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "discover": ({"noise": 0.0}, {"noise": 0.05}),
    "predict": ({"level": 1}, {"level": 2}, {"level": 3}),
}


@dataclass
class Tally:
    """What one kind of cheats was paid.

    Attributes:
        cheats: answers that were tried.
        above_truth: answers that were paid more than the teacher, by the weights of an episode or of training.
        paid: wrong answers with a reward above `PAID` (weights of an episode).
        problems_paid: share of the problems with at least one of these, by cheat the largest.
        solved: wrong answers that were called solved.
        above_honest: wrong answers that were paid more than `PAID` and more than an honest wrong answer.
        rise: by how much the best of several answers was paid more than the first, mean over problems, of the cheat
            with the largest rise; of the kind `feedback` only.
        exceptions: answers that the verifier raised at.
        slowest_ms: CPU time of the slowest verdict.
        examples: the first few of what must not be.
    """

    cheats: int = 0
    above_truth: int = 0
    paid: int = 0
    problems_paid: float = 0.0
    solved: int = 0
    above_honest: int = 0
    rise: float = 0.0
    exceptions: int = 0
    slowest_ms: float = 0.0
    examples: list[dict[str, Any]] = field(default_factory=list)


def run(
    task: str,
    *,
    kinds: Sequence[str] | None = None,
    subjects: Sequence[str] | None = None,
    problems: int = 1,
    reward: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Try every cheat at problems of every subject.

    Args:
        task: `discover` or `predict`.
        kinds: only these kinds.
        subjects: only these subjects.
        problems: problems of each subject and condition.
        reward: name of the reward table; the task's default when None.
        progress: called with (problems done, problems in all, note).

    Raises:
        UserError: an unknown task, kind, subject or reward.
    """
    if problems < 1:
        raise UserError("problems is at least 1")
    by_mode = [tasks.load(task, mode=mode, reward=reward) for mode in MODES]
    chosen = {kind: cheats.load(task, kind) for kind in kinds or cheats.kinds(task)}
    names = tuple(subjects or by_mode[0].subjects())
    asked = [(name, index, each) for name in names for index in range(problems) for each in CONDITIONS[task]]
    tallies = {kind: Tally() for kind in chosen}
    teacher = {"unsolved": 0}
    rises: dict[tuple[str, str], list[float]] = {}
    paid: dict[tuple[str, str], int] = {}
    for number, (name, index, conditions) in enumerate(asked):
        problem = by_mode[0].pose(name, split="test", index=index, **conditions)
        round_ = _Round(by_mode, problem)
        teacher["unsolved"] += not round_.teacher_solves
        for kind, members in chosen.items():
            for cheat, function in members.items():
                first, best, wrong = round_.play(cheat, function, tallies[kind])
                rises.setdefault((kind, cheat), []).append(best - first)
                paid[kind, cheat] = paid.get((kind, cheat), 0) + wrong
        if progress is not None:
            progress(number + 1, len(asked), name)
    for kind, cheat in rises:
        tally = tallies[kind]
        tally.problems_paid = max(tally.problems_paid, paid[kind, cheat] / len(asked))
        if kind == "feedback":
            tally.rise = max(tally.rise, sum(rises[kind, cheat]) / len(asked))
    return {
        "task": task,
        "bench": VERSION,
        "gedanken": gedanken.__version__,
        "reward": by_mode[0].table.version,
        "problems": len(asked),
        "teacher_unsolved": teacher["unsolved"],
        "kinds": {kind: asdict(tally) for kind, tally in tallies.items()},
    }


class _Round:
    """One problem, its teacher and its judge."""

    def __init__(self, by_mode: Sequence[Task], problem: Problem):
        self._by_mode, self._problem = by_mode, problem
        self._judge = judge_of(problem)
        solution = by_mode[0].solve(problem)
        verdicts = [task.verify(problem, solution) for task in by_mode]
        self.teacher_solves = verdicts[0].solved
        self._truth = [verdict.reward for verdict in verdicts]
        self._honest = by_mode[0].verify(problem, self._judge.honest).reward

    def play(self, name: str, cheat: cheats.Cheat, tally: Tally) -> tuple[float, float, bool]:
        """Count a cheat's answers; first and best reward, and whether a wrong answer was paid."""
        rewards: list[float] = []
        wrong_paid = False
        for answer, verdict in cheats.play(self._by_mode[0], cheat, self._problem):
            tally.cheats += 1
            if isinstance(verdict, Exception):
                tally.exceptions += 1
                self._note(tally, name, answer, raised=f"{type(verdict).__name__}: {verdict}")
                continue
            tally.slowest_ms = max(tally.slowest_ms, self._time(answer, tally.slowest_ms))
            rewards.append(verdict.reward)
            training = self._by_mode[1].verify(self._problem, answer).reward
            pairs = zip((verdict.reward, training), self._truth, strict=True)
            if any(reward > truth + ROUNDING for reward, truth in pairs):
                tally.above_truth += 1
                self._note(tally, name, answer, reward=verdict.reward, training=training, truth=self._truth)
            if (verdict.reward > PAID + ROUNDING or verdict.solved) and self._judge.is_wrong(verdict):
                tally.paid += 1
                tally.solved += verdict.solved
                tally.above_honest += verdict.reward > self._honest + ROUNDING
                wrong_paid = True
                self._note(tally, name, answer, reward=verdict.reward)
        return (rewards[0] if rewards else 0.0), max(rewards, default=0.0), wrong_paid

    def _time(self, answer: str, slowest: float) -> float:
        """CPU milliseconds of a verdict, the least of some tries where it may be the slowest."""
        least = float("inf")
        for _ in range(5):
            start = time.thread_time_ns()
            self._by_mode[0].verify(self._problem, answer)
            least = min(least, (time.thread_time_ns() - start) / 1e6)
            if least <= slowest:
                break
        return least

    def _note(self, tally: Tally, name: str, answer: str, **facts: Any) -> None:
        if len(tally.examples) < EXAMPLES:
            key = self._problem.key
            where = {"cheat": name, "subject": key.subject, "index": key.index, "level": key.level}
            noise = {"noise": key.options["noise"]} if "noise" in key.options else {}
            tally.examples.append({**where, **noise, **facts, "answer": answer[:500]})


def render_markdown(results: Sequence[Mapping[str, Any]]) -> str:
    """A table for each task."""
    lines: list[str] = []
    columns = ("cheats", "above_truth", "paid", "problems_paid", "solved", "above_honest", "rise", "exceptions")
    for result in results:
        lines += [f"## {result['task']} ({result['reward']}, {result['problems']} problems)", ""]
        rows = [
            [kind, *(f"{tally[name]:.4g}" for name in columns), f"{tally['slowest_ms']:.1f}"]
            for kind, tally in result["kinds"].items()
        ]
        lines += [*table(["kind", *(name.replace("_", " ") for name in columns), "slowest ms"], rows), ""]
        lines += [f"Not solved by the teacher: {result['teacher_unsolved']}.", ""]
    lines.append(
        f"above truth: paid more than the teacher; paid: wrong and above {PAID}; problems paid: largest share of the "
        "problems at which one cheat was; above honest: of these, paid more than the true form with constants off by "
        "5 %; rise: of the best of eight turns over the first."
    )
    return "\n".join(lines)
