"""For TRL: `GRPOTrainer(model, train_dataset=make_dataset("train", 1000), environment_factory=Discover)`.

The trainer makes a pool of instances, resets them with the rows of the data set, lets the model call the tool, and asks
for the reward. Only `reset`, `get_reward` and the tool are public here, since TRL offers every public method to the
model. Set `max_tool_calling_iterations` to the turns of an episode (8 for `discover`, 1 for `predict`).
"""

from typing import Any, ClassVar

from gedanken.adapters.problems import check, draw
from gedanken.episode import LocalEnv
from gedanken.loop import Message

# The trainer appends what `reset` returns.
REQUESTS = {
    "discover": "Call the tool propose_law with your answer, and again with a better one until it is solved.",
    "predict": "Call the tool predict_frame with your answer.",
}


class _Episode:
    _task: ClassVar[str]

    def __init__(self) -> None:
        self._env = LocalEnv(self._task)
        self._best = 0.0

    def reset(self, **row: Any) -> str:
        """Begin the episode that a row names; what it says is appended to the row's prompt."""
        row.pop("prompt", None)
        self._best = 0.0
        return "\n\n" + self._env.reset(**row).observation.prompt

    def get_reward(self) -> float:
        """The best answer of the episode, from 0 to 1."""
        return self._best

    def _step(self, action: Any) -> str:
        if self._env.state()["done"]:
            raise ValueError("Episode over")
        observation = self._env.step(action).observation
        self._best = observation.best_r_match
        return f"{observation.feedback} The episode is over." if observation.done else observation.prompt


class Discover(_Episode):
    """A pooled session of `discover` with one tool."""

    _task = "discover"

    def propose_law(self, equation: str, params: dict[str, float] | None = None) -> str:
        """Propose the law of motion. A simulator integrates it and says how well it matches the data, and where not.

        Args:
            equation: The law, one equation a variable, for example "dx/dt = v; dv/dt = -k*x".
            params: The value of each parameter that the law names, for example {"k": 2.5}.

        Returns:
            What the simulator says.
        """
        return self._step({"equation": equation, "params": {} if params is None else params})


class Predict(_Episode):
    """A pooled session of `predict` with one tool."""

    _task = "predict"

    def predict_frame(self, frame: str) -> str:
        """Predict the next frame.

        Args:
            frame: The frame in the format of the prompt, one line a body.

        Returns:
            How far it is from the recorded frame.
        """
        return self._step({"answer": frame})


def make_dataset(split: str = "train", n: int = 1000, seed: int = 0, *, task: str = "discover", **options: Any) -> Any:
    """A data set of problems for the trainer.

    Args:
        split: `train`, `val` or `test`.
        n: how many problems.
        seed: names the sequence of problems.
        task: `discover` (for the factory `Discover`) or `predict` (for `Predict`).
        options: columns that are the same in every row, as `LocalEnv.reset` takes them: `level`, `max_turns`, ...

    Returns:
        A `datasets.Dataset` with the columns `prompt` (chat messages), `system_id` or `scenario`, `split`, `index`, and
        the options.

    Raises:
        UserError: an option that the task does not know or cannot use, or no problem at all.
    """
    try:
        from datasets import Dataset
    except ModuleNotFoundError:
        raise ImportError("make_dataset needs datasets; install it with: pip install 'gedanken[data]'") from None
    problems = [draw(task, number, split=split, seed=seed, **options) for number in range(max(n, 1))]
    check(task, problems[0])
    prompt: list[Message] = [{"role": "user", "content": REQUESTS[task]}]
    return Dataset.from_list([{"prompt": prompt, **problem} for problem in problems])
