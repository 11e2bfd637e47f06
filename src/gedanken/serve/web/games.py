"""Episodes that a person plays: nobody is asked, answers arrive from outside and are judged where they arrive."""

import threading
import time

from gedanken.loop import Problem, Task, Turn
from gedanken.serve.web.running import Running


class Game:
    """An episode of the player `you` in progress.

    Attributes:
        running: what it runs as; its time is up when no answer has come for `idle_seconds`.
        task: the task.
        problem: the problem.
        turns: the turns so far.
        lock: held while an answer is judged, so that two at once become two turns.
    """

    def __init__(self, running: Running, task: Task, problem: Problem, idle_seconds: float):
        self.running, self.task, self.problem = running, task, problem
        self.turns: list[Turn] = []
        self.lock = threading.Lock()
        self._idle_seconds = idle_seconds
        self._asked = time.monotonic()

    def judge(self, answer: str) -> Turn:
        """The verdict on the next answer; call it with the lock held."""
        now = time.monotonic()
        turn = Turn(answer, self.task.verify(self.problem, answer, self.turns), now - self._asked)
        self.turns.append(turn)
        self._asked = time.monotonic()
        self.running.deadline = self._asked + self._idle_seconds
        return turn

    def is_over(self) -> bool:
        """Whether no further answer is asked for."""
        return len(self.turns) >= self.task.max_turns or any(turn.verdict.solved for turn in self.turns)
