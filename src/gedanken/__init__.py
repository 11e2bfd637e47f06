"""gedanken: language models learn physics, with a simulator as teacher and judge.

A simulator writes text, a model answers, the simulator verifies. The loop is in `gedanken.loop`; the worlds that write
and judge are in `gedanken.worlds`, the questions in `gedanken.tasks`, the answerers in `gedanken.models`.
"""

from gedanken.errors import GedankenError, Unanswerable, UserError
from gedanken.loop import Player, Problem, Question, Task, Turn, Verdict, play
from gedanken.seeding import stream

__version__ = "0.1.0"

__all__ = [
    "GedankenError",
    "Player",
    "Problem",
    "Question",
    "Task",
    "Turn",
    "Unanswerable",
    "UserError",
    "Verdict",
    "__version__",
    "play",
    "stream",
]
