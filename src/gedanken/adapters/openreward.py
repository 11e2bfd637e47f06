"""Environments of the Open Reward Standard: `openreward.environments.Server([environment_of("discover")]).run()`.

A task is one problem; the model answers by the tool `answer`, is told what the simulator says, and may answer again
until the episode is over. The rewards of its calls sum to its best answer.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from gedanken import tasks
from gedanken.adapters.problems import check, draw
from gedanken.episode import LocalEnv
from gedanken.errors import UserError
from gedanken.loop import SPLITS

try:
    from openreward.environments import Environment, Split, TextBlock, ToolOutput, tool
    from pydantic import BaseModel
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "openreward":
        raise
    raise ImportError("this needs openreward; install it with: pip install 'gedanken[openreward]'") from None

NAMES = {"train": "train", "val": "validation", "test": "test"}
"""Our splits, and what the standard calls them."""

SIZE = 1000
"""Tasks of a split; a class may say another number."""


class Answer(BaseModel):
    """What a model answers."""

    answer: str


class Episode(Environment):
    """Problems of one task."""

    task: ClassVar[str]
    size: ClassVar[int] = SIZE
    options: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, task_spec: Mapping[str, Any] = {}, secrets: Mapping[str, str] = {}):
        super().__init__(task_spec, dict(secrets))
        check(self.task, dict(task_spec))
        self._env = LocalEnv(self.task)
        self._start = self._env.reset(**{**task_spec, "reward_mode": "improvement"})

    @classmethod
    def list_splits(cls) -> Sequence[Any]:
        """Train, validation and test; held-out subjects are in the last two only."""
        return [Split(name=name, type=name) for name in NAMES.values()]

    @classmethod
    def list_tasks(cls, split: str) -> Sequence[Mapping[str, Any]]:
        """The problems of a split: every subject once, then each again as another instance."""
        ours = next((name for name, theirs in NAMES.items() if split in (name, theirs)), None)
        if ours not in SPLITS:
            raise UserError(f"there is no split {split!r}; there are {', '.join(NAMES.values())}")
        return [draw(cls.task, number, split=ours, **cls.options) for number in range(cls.size)]

    def get_prompt(self) -> Any:
        """The problem, as a language model reads it."""
        return [TextBlock(text=self._start.observation.prompt)]

    @tool
    async def answer(self, params: Answer) -> ToolOutput:
        """Answer the question. The simulator says how well the answer holds; better answers may follow."""
        result = self._env.step(params.answer)
        seen = result.observation
        metadata = {**seen.metrics} if result.done else None
        return ToolOutput(
            blocks=[TextBlock(text=seen.feedback)], reward=result.reward, finished=result.done, metadata=metadata
        )


@cache
def environment_of(task: str, size: int = SIZE, level: int | None = None) -> type[Episode]:
    """The environment class of a task.

    Args:
        task: the task's name.
        size: tasks of a split.
        level: 1 to 5, or None for the task's own.

    Raises:
        UserError: there is no such task, or the level cannot be posed.
    """
    options: dict[str, Any] = {} if level is None else {"level": level}
    check(task, draw(task, 0, **options))
    members = {"task": task, "size": size, "options": options, "__doc__": tasks.load(task).title}
    return type(f"Gedanken{task.title()}", (Episode,), members)
