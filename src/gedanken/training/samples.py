"""Rows of `samples.jsonl`: an answer with all that it takes to pose its problem again and to score it again."""

from collections.abc import Sequence
from typing import Any

from gedanken.loop import Problem, Task, Verdict

SAMPLES = "samples.jsonl"


def write_sample(
    task: Task, problem: Problem, answer: str, verdict: Verdict, *, cut: bool | None = None, earlier: Sequence[str] = ()
) -> dict[str, Any]:
    """One row, JSON-able.

    Args:
        task: what judged the answer; its mode and its reward version are recorded.
        problem: what was asked; its key, all conditions included, poses it again.
        answer: what was answered.
        verdict: what the answer earned.
        cut: the answer reached the token limit before its end; None where nobody knows.
        earlier: the answers before it, in its episode.
    """
    return {
        "task": task.name,
        "key": problem.key.to_dict(),
        **({"earlier": list(earlier)} if earlier else {}),
        "answer": answer,
        "terms": dict(verdict.terms),
        "reward": verdict.reward,
        "mode": task.mode,
        "reward_table": task.reward,
        "reward_version": task.table.version,
        "match": verdict.match,
        "solved": verdict.solved,
        "error": verdict.error,
        "cut": cut,
    }


def write_failure(task: Task, problem: Problem, reason: str) -> dict[str, Any]:
    """The row of a problem that was never answered, for instance because it does not fit into the model's context.

    It has no reward: a player's failure is no answer of 0.
    """
    return {"task": task.name, "key": problem.key.to_dict(), "failed": reason}
