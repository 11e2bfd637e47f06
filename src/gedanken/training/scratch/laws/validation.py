"""How many problems a model of laws solves, at once and with what the simulator says to its answers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gedanken.loop import Problem, play
from gedanken.models.laws.player import LawPlayer
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.training.scratch.laws.examples import ROWS

NOISE = 0.02
WITHIN = (1, 2, 4, 8)
"""Numbers of answers within which problems are counted as solved."""


def pose_problems(subjects: Sequence[str], each: int) -> list[Problem]:
    """So many problems of each system, of the validation split."""
    task = DiscoverTask()
    return [
        task.pose(subject, split="val", index=index, rows=ROWS, noise=NOISE)
        for subject in subjects
        for index in range(each)
    ]


def validate(folder: Path, problems: Sequence[Problem]) -> dict[str, float]:
    """Shares of the problems that are solved within so many answers; mean match of the first and of the best answer."""
    task = DiscoverTask()
    player = LawPlayer(folder, "laws")
    needed, first, best = [], [], []
    for problem in problems:
        turns = list(play(task, player, problem, max(WITHIN)))
        needed.append(next((k for k, turn in enumerate(turns, 1) if turn.verdict.solved), np.inf))
        matches = [turn.verdict.terms["match"] for turn in turns]
        first.append(matches[0])
        best.append(max(matches))
    figures = {f"solved_{k}": float(np.mean(np.array(needed) <= k)) for k in WITHIN}
    return {
        **figures,
        "match_first": float(np.mean(first)),
        "match_best": float(np.mean(best)),
        "problems": len(problems),
    }
