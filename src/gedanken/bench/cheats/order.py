"""`gedanken bench order`: whether any simpler law, its constants fitted to the record, outranks the truth."""

from collections.abc import Sequence
from typing import Any

import gedanken
from gedanken import tasks
from gedanken.bench import cheats
from gedanken.bench.cheats.judges import judge_of
from gedanken.bench.cheats.report import ROUNDING
from gedanken.bench.runner import Progress
from gedanken.errors import UserError
from gedanken.markdown import table
from gedanken.tasks.terms import MODES

# Named by the rule of this benchmark that changed last; results record it.
VERSION = "order-1"

NOISES = (0.0, 0.05)
EXAMPLES = 10


def run(
    *,
    noises: Sequence[float] = NOISES,
    subjects: Sequence[str] | None = None,
    problems: int = 2,
    reward: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fit the cheats of the kind `simpler` to problems of every system, and compare their rewards with the teacher's.

    Args:
        noises: noise of the records.
        subjects: only these systems.
        problems: problems of each system and noise.
        reward: name of the reward table; the default one when None.
        progress: called with (problems done, problems in all, note).

    Returns:
        JSON-able: for each noise and each of the weights (`episode`, `training`) the problems at which some simpler
        law outranks the teacher, how many of these fail elsewhere, the problems that the teacher does not solve, and
        examples.

    Raises:
        UserError: an unknown system or reward.
    """
    if problems < 1:
        raise UserError("problems is at least 1")
    by_mode = {mode: tasks.load("discover", mode=mode, reward=reward) for mode in MODES}
    family = cheats.load("discover", "simpler")
    names = tuple(subjects or by_mode["episode"].subjects())
    rows: dict[tuple[float, str], dict[str, Any]] = {
        (noise, mode): {"noise": noise, "weights": mode, "problems": 0, "laws": 0, "outranked": 0, "wrong": 0}
        for noise in noises
        for mode in MODES
    }
    unsolved: list[str] = []
    examples: list[dict[str, Any]] = []
    asked = [(noise, name, index) for noise in noises for name in names for index in range(problems)]
    for number, (noise, name, index) in enumerate(asked):
        problem = by_mode["episode"].pose(name, split="test", index=index, noise=noise)
        judge = judge_of(problem)
        solution = by_mode["episode"].solve(problem)
        if not by_mode["episode"].verify(problem, solution).solved:
            unsolved.append(f"{name} {index}, noise {noise:g}")
        answers = [answer for cheat in family.values() for answer, _ in cheats.play(by_mode["episode"], cheat, problem)]
        for mode, task in by_mode.items():
            truth = task.verify(problem, solution).reward
            verdicts = [(answer, task.verify(problem, answer)) for answer in answers]
            above = [(answer, verdict) for answer, verdict in verdicts if verdict.reward > truth + ROUNDING]
            wrong = [verdict for _, verdict in above if judge.is_wrong(verdict)]
            row = rows[noise, mode]
            row["problems"] += 1
            row["laws"] += len(answers)
            row["outranked"] += bool(above)
            row["wrong"] += bool(wrong)
            for answer, verdict in above[: max(0, EXAMPLES - len(examples))]:
                facts = {"subject": name, "index": index, "noise": noise, "weights": mode}
                examples.append({**facts, "reward": verdict.reward, "truth": truth, "answer": answer})
        if progress is not None:
            progress(number + 1, len(asked), name)
    return {
        "bench": VERSION,
        "gedanken": gedanken.__version__,
        "reward": by_mode["episode"].table.version,
        "rows": list(rows.values()),
        "outranked": sum(row["outranked"] for row in rows.values()),
        "teacher_unsolved": unsolved,
        "examples": examples,
    }


def render_markdown(result: dict[str, Any]) -> str:
    """The result as a table."""
    columns = ("noise", "weights", "problems", "laws", "outranked", "wrong")
    rows = [[f"{row[name]:g}" if name == "noise" else str(row[name]) for name in columns] for row in result["rows"]]
    unsolved = ", ".join(result["teacher_unsolved"]) or "none"
    return "\n".join(
        [
            f"## Order ({result['reward']})",
            "",
            *table(list(columns), rows),
            "",
            "outranked: problems at which a simpler law is paid more than the teacher; wrong: of these, those at which "
            f"one fails elsewhere. Not solved by the teacher: {unsolved}.",
        ]
    )
