"""For TRL: `GRPOTrainer(model, train_dataset=make_dataset("train", 1000), environment_factory=Discover)`.

The trainer makes a pool of instances, resets them with the rows of the data set, lets the model call the tool, and asks
for the reward. Only `reset`, `get_reward` and the tool are public methods here, since TRL offers every public method to
the model. Set `max_tool_calling_iterations` to the turns of an episode (8 for `discover`, 1 for `predict`).

Prompts and replies ask for a call of the tool, nowhere for a text. A text without a call never reaches the environment:
TRL ends the rollout there, with what the calls before it earned, 0 if there was none.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar

from gedanken import tasks
from gedanken.adapters.problems import check, draw
from gedanken.episode import LocalEnv
from gedanken.loop import Message


class Episode:
    """A pooled session of a task. Its one tool is added by `environment_of`."""

    _task: ClassVar[str]

    def __init__(self) -> None:
        self._env = LocalEnv(self._task)
        self._best = 0.0

    def reset(self, **row: Any) -> str:
        """Begin the episode that a row names; what it says is appended to the row's prompt."""
        row.pop("prompt", None)
        self._best = 0.0
        return "\n\n" + self._for_tool(self._env.reset(**row).observation.prompt)

    def get_reward(self) -> float:
        """The best answer of the episode, from 0 to 1, whatever `reward_mode` a row names."""
        return self._best

    @property
    def metrics(self) -> dict[str, float]:
        """`first`, `best`, `turns` and `solved` of the episode so far; a property, which TRL offers to no model."""
        return self._env.metrics

    def _step(self, action: Any) -> str:
        if self._env.state()["done"]:
            raise ValueError("Episode over")
        observation = self._env.step(action).observation
        self._best = observation.best_r_match
        if observation.done:
            return f"{observation.feedback} The episode is over."
        return self._for_tool(observation.prompt)

    def _for_tool(self, prompt: str) -> str:
        assert self._env.problem is not None
        return self._env.task.for_tool(self._env.problem, prompt)


@cache
def environment_of(task: str) -> type[Episode]:
    """The environment class of a task: `reset`, `get_reward`, and the task's tool as a method.

    Raises:
        UserError: there is no such task.
    """
    judge = tasks.load(task)
    tool = judge.tool
    signature = inspect.signature(tool)
    first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)

    @functools.wraps(tool)
    def method(self: Episode, *arguments: Any, **options: Any) -> str:
        return self._step(tool(*arguments, **options))

    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[first, *signature.parameters.values()], return_annotation=str
    )
    method.__annotations__ = {**tool.__annotations__, "return": str}
    members = {"_task": task, tool.__name__: method, "__doc__": judge.title, "__module__": __name__}
    return type(task.title(), (Episode,), members)


def __getattr__(name: str) -> Any:
    # `Discover`, `Predict`, ...: the trainer's workers find a class by its name.
    for task in tasks.names():
        if name == task.title():
            return environment_of(task)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def request(task: str) -> str:
    """What the user's message says; the trainer appends the problem to it."""
    judge = tasks.load(task)
    again = ", and again with a better one until it is solved" if judge.max_turns > 1 else ""
    return f"Call the tool {judge.tool.__name__} with your answer{again}."


def log_metrics(
    prompts: Sequence[Any], environments: Sequence[Any], log_metric: Callable[[str, float], None], **_: Any
) -> list[None]:
    """A reward function that rewards nothing and logs `first`, `best`, `turns` and `solved`, averaged over rollouts.

    `GRPOTrainer(..., reward_funcs=log_metrics, environment_factory=Discover)`; the reward stays that of `get_reward`.
    """
    played = [each for each in environments if isinstance(each, Episode)]
    for name in played[0].metrics if played else ():
        log_metric(name, sum(each.metrics[name] for each in played) / len(played))
    return [None] * len(prompts)


def make_dataset(split: str = "train", n: int = 1000, seed: int = 0, *, task: str = "discover", **options: Any) -> Any:
    """A data set of problems for the trainer.

    Args:
        split: `train`, `val` or `test`.
        n: how many problems.
        seed: names the sequence of problems.
        task: the task whose class, `environment_of(task)`, is the trainer's factory.
        options: columns that are the same in every row, as `LocalEnv.reset` takes them: `level`, `max_turns`, ...

    Returns:
        A `datasets.Dataset` with the columns `prompt` (chat messages), the subject by the task's word for it, `split`,
        `index`, and the options.

    Raises:
        UserError: an option that the task does not know or cannot use, or no problem at all.
    """
    try:
        from datasets import Dataset
    except ModuleNotFoundError:
        raise ImportError("make_dataset needs datasets; install it with: pip install 'gedanken[data]'") from None
    problems = [draw(task, number, split=split, seed=seed, **options) for number in range(max(n, 1))]
    check(task, problems[0])
    prompt: list[Message] = [{"role": "user", "content": request(task)}]
    return Dataset.from_list([{"prompt": prompt, **problem} for problem in problems])
