"""Data sets for reasoning-gym; after importing this: `reasoning_gym.create_dataset("gedanken_discover", seed=0)`.

Every task is single-turn there: `score_answer` judges one answer by simulating it. It reads `<answer>` tags.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

from gedanken import tasks
from gedanken.adapters.problems import check, draw, replay
from gedanken.episode import LocalEnv

try:
    from reasoning_gym.coaching import BaseCurriculum, ScalarAttributeDefinition
    from reasoning_gym.dataset import ProceduralDataset
    from reasoning_gym.factory import DATASETS, register_dataset
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "reasoning_gym":
        raise
    raise ImportError("this needs reasoning-gym; install it with: pip install 'gedanken[reasoning-gym]'") from None


@dataclass
class ProblemConfig:
    """What the problems of a data set have in common.

    Attributes:
        seed: names the sequence of problems; drawn by reasoning-gym when None.
        size: how many problems.
        split: `train`, `val` or `test`.
        level: 1 to 5, or None for the task's own.
        options: further arguments of `LocalEnv.reset` (`noise`, `hint`, `format`, ...).
    """

    seed: int | None = None
    size: int = 500
    split: str = "train"
    level: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def validate(self) -> None:
        """Raise an AssertionError for a size that is not positive, as every config of the library does."""
        assert self.size > 0, "size must be positive"


class ProblemDataset(ProceduralDataset):
    """Problems of one task."""

    task: ClassVar[str]

    def __init__(self, config: ProblemConfig):
        super().__init__(config=config, seed=config.seed, size=config.size)
        check(self.task, self._draw(0))

    def _draw(self, number: int) -> dict[str, Any]:
        config = self.config
        return draw(
            self.task,
            number,
            split=config.split,
            seed=self.seed,
            level=config.level,
            **{**config.options, "max_turns": 1},
        )

    def __getitem__(self, idx: int) -> dict[str, Any]:
        """Problem `idx`: `question`, the teacher's `answer`, and `metadata` by which `score_answer` finds it again."""
        if not 0 <= idx < self.size:
            raise IndexError(f"there is no problem {idx}; there are {self.size}")
        problem = self._draw(idx)
        env = LocalEnv(self.task)
        question = env.reset(**problem).observation.prompt
        assert env.problem is not None
        return {
            "question": question,
            "answer": env.task.solve(env.problem),
            "metadata": {
                "source_dataset": f"gedanken_{self.task}",
                "source_index": idx,
                "problem": problem,
                "difficulty": {"level": self.config.level},
            },
        }

    def score_answer(self, answer: str | None, entry: dict[str, Any]) -> float:
        """What an answer to a problem of this kind of data set earns, from 0 to 1."""
        if not isinstance(answer, str):
            return 0.0
        return replay(self.task, entry["metadata"]["problem"], [answer]).best


class LevelCurriculum(BaseCurriculum):
    """From level 1 to level 5."""

    def __init__(self) -> None:
        super().__init__(LevelCurriculum.__name__, ProblemConfig)
        self._define_attributes(
            ScalarAttributeDefinition(
                name="level", field_name="level", levels=[1, 2, 3, 4, 5], description="How hard the problems are"
            )
        )


def register() -> None:
    """Make every task known to reasoning-gym as `gedanken_<task>`."""
    for name in tasks.names():
        if f"gedanken_{name}" not in DATASETS:
            register_dataset(f"gedanken_{name}", dataset_of(name), ProblemConfig, LevelCurriculum)


@cache
def dataset_of(task: str) -> type[ProblemDataset]:
    """The data set class of a task."""
    members = {"task": task, "__doc__": tasks.load(task).title, "__module__": __name__}
    return type(f"{task.title()}Dataset", (ProblemDataset,), members)


def __getattr__(name: str) -> Any:
    # Pickled data sets name their class: DiscoverDataset, PredictDataset, ...
    for task in tasks.names():
        if name == f"{task.title()}Dataset":
            return dataset_of(task)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


register()
