"""The product on one screen: a simulator writes text, a model answers, the simulator verifies."""

from gedanken.loop.play import BatchPlayer, Player, play, play_batch
from gedanken.loop.task import SPLITS, Table, Task, check_split
from gedanken.loop.values import Key, Message, Problem, Question, Reading, Subject, Turn, Verdict

__all__ = [
    "SPLITS",
    "BatchPlayer",
    "Key",
    "Message",
    "Player",
    "Problem",
    "Question",
    "Reading",
    "Subject",
    "Table",
    "Task",
    "Turn",
    "Verdict",
    "check_split",
    "play",
    "play_batch",
]
