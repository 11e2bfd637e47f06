"""Who answers, and the episode: ask, answer, verify, and feed the verdict back."""

import time
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from gedanken.loop.task import Task
from gedanken.loop.values import Problem, Question, Turn


@runtime_checkable
class Player(Protocol):
    """What answers: a language model, a baseline, the teacher.

    Raises `PlayerError` when it cannot answer at all; a poor answer is not an error.
    """

    name: str

    def answer(self, question: Question) -> str:
        """The player's answer, as text."""


@runtime_checkable
class BatchPlayer(Player, Protocol):
    """A player that answers several questions faster together than one after the other."""

    def answer_batch(self, questions: Sequence[Question]) -> list[str]:
        """One answer a question, in order."""


def play_batch(
    task: Task, player: BatchPlayer, problems: Sequence[Problem], turns: int | None = None
) -> list[list[Turn]]:
    """Play an episode of each problem side by side: what `play` plays, with the questions of a turn asked at once."""
    episodes: list[list[Turn]] = [[] for _ in problems]
    for _ in range(task.max_turns if turns is None else turns):
        open_ones = [k for k, played in enumerate(episodes) if not played or not played[-1].verdict.solved]
        if not open_ones:
            break
        asked = [problems[k] for k in open_ones]
        questions = [
            Question(task.ask(problem, episodes[k]), problem.observation, tuple(episodes[k]))
            for k, problem in zip(open_ones, asked, strict=True)
        ]
        start = time.perf_counter()
        answers = player.answer_batch(questions)
        seconds = (time.perf_counter() - start) / len(open_ones)
        for k, problem, answer in zip(open_ones, asked, answers, strict=True):
            episodes[k].append(Turn(answer, task.verify(problem, answer, episodes[k]), seconds))
    return episodes


def play(task: Task, player: Player, problem: Problem, turns: int | None = None) -> Iterator[Turn]:
    """Ask, answer, verify; feed the verdict back until solved or out of turns (`task.max_turns` by default)."""
    played: list[Turn] = []
    for _ in range(task.max_turns if turns is None else turns):
        question = Question(task.ask(problem, played), problem.observation, tuple(played))
        start = time.perf_counter()
        answer = player.answer(question)
        turn = Turn(answer, task.verify(problem, answer, played), time.perf_counter() - start)
        played.append(turn)
        yield turn
        if turn.verdict.solved:
            return
