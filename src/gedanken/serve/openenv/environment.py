"""Sessions on the server: OpenEnv environments that wrap a `LocalEnv`."""

import asyncio
import os
from functools import cache, cached_property
from typing import Any, ClassVar

from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import EnvironmentMetadata
from openenv.core.rubrics import Rubric, RubricDict

from gedanken import __version__, episode, tasks
from gedanken.episode import INSTANCES, LocalEnv, locate
from gedanken.errors import UserError
from gedanken.loop import SPLITS, Task
from gedanken.serve.openenv.models import AnswerAction, EpisodeObservation, EpisodeState, messages_of
from gedanken.serve.warm import warm


class _Score(Rubric):
    """A rubric of plain numbers.

    Its call does what the base class's does without searching for coroutines, which costs as much as parsing an answer.
    """

    def __call__(self, action: Any, observation: Any) -> Any:
        """The score; the base class computes it if there are hooks to call."""
        if self._forward_hooks or self._forward_pre_hooks:
            return super().__call__(action, observation)
        score = self.forward(action, observation)
        object.__setattr__(self, "last_score", score)  # the base class's __setattr__ looks for child rubrics
        return score


class Term(_Score):
    """One reward term, as the verifier computed it."""

    def __init__(self, name: str):
        super().__init__()
        self.term = name

    def forward(self, action: Any, observation: Any) -> float:
        """The term's value in [0, 1]."""
        return float(observation.components.get(self.term, 0.0))


class EpisodeReward(_Score):
    """The step's reward in the chosen reward mode; its children are the reward terms, for inspection."""

    def __init__(self, names: tuple[str, ...]):
        super().__init__()
        self.terms = RubricDict({name: Term(name) for name in names})

    def forward(self, action: Any, observation: Any) -> float:
        """The reward that the episode gave."""
        for term in self.terms.values():
            term(action, observation)
        return float(observation.reward)


class EpisodeEnvironment(Environment[Any, Any, Any]):
    """One session of a task. Steps run in the session's own thread, off the event loop."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    judge: ClassVar[Task]
    observation_type: ClassVar[type[EpisodeObservation]]
    state_type: ClassVar[type[EpisodeState]]

    def __init__(self) -> None:
        self.local = LocalEnv(self.judge.name, reward_mode=os.environ.get("REWARD_MODE", "r2"))
        super().__init__(rubric=EpisodeReward(tuple(self.judge.weights)))

    def reset(self, seed: int | None = None, episode_id: str | None = None, **options: Any) -> EpisodeObservation:
        """Pose a problem; see `gedanken.episode.LocalEnv.reset` for the options.

        Raises:
            UserError: an option that cannot be used.
        """
        result = self.local.reset(seed=seed, episode_id=episode_id, **options)
        self._reset_rubric()
        return self._seen(result.observation)

    def step(self, action: Any, timeout_s: float | None = None, **_: Any) -> EpisodeObservation:
        """Judge an answer.

        Raises:
            EpisodeError: nothing has been posed, the episode is over, or the session is closed.
        """
        seen = self._seen(self.local.step(action).observation)
        self._apply_rubric(action, seen)
        return seen

    async def step_async(self, action: Any, timeout_s: float | None = None, **_: Any) -> EpisodeObservation:
        """Judge an answer: on the event loop where that is sure to be brief, else in a thread.

        Handing a step to a thread and back costs as much as a common step itself, and with eight clients, whose threads
        then wait for each other, twice that; and a thread may hold the interpreter for 5 ms.

        Raises:
            EpisodeError: as `step`.
        """
        problem = self.local.problem
        if problem is None or (warm.is_set() and self.judge.is_brief(problem, action.answer)):
            return self.step(action)
        return await asyncio.to_thread(self.step, action)

    def _seen(self, observation: episode.Observation) -> EpisodeObservation:
        seen: EpisodeObservation = self.observation_type.model_validate(observation, from_attributes=True)
        return seen

    @property
    def state(self) -> EpisodeState:
        """The problem, the number of steps and the best score."""
        return self.state_type(**self.local.state())

    def close(self) -> None:
        """End the session."""
        self.local.close()

    def get_metadata(self) -> EnvironmentMetadata:
        """Name, description and version."""
        return EnvironmentMetadata(
            name=f"{self.judge.name}_env", description=self.judge.title, version=__version__, author="gedanken"
        )

    def list_splits(self) -> list[dict[str, str]]:
        """The splits; `reset(split=, index=)` selects a task in one."""
        kinds = {"train": "train", "val": "validation", "test": "test"}
        return [{"name": split, "type": kinds[split]} for split in SPLITS]

    def num_tasks(self, split: str) -> int:
        """How many tasks a split has; `reset` takes larger indices, too."""
        return len(self.judge.subjects(_known(split))) * INSTANCES

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        """One task of a split.

        Raises:
            IndexError: there is no such task.
        """
        if not 0 <= index < self.num_tasks(split):
            raise IndexError(f"index {index} is outside 0 to {self.num_tasks(split) - 1}")
        subject, instance = locate(self.judge, split, None, index, None)
        return {
            "id": f"{split}-{index}",
            "split": split,
            "index": index,
            "group": subject,
            "difficulty": self.judge.describe(subject).tier,
            self.judge.subject_option: subject,
            "instance": instance,
        }

    def get_task_range(self, split: str, start: int | None = None, stop: int | None = None) -> list[dict[str, Any]]:
        """The tasks of a slice."""
        return [self.get_task(split, index) for index in range(*slice(start, stop).indices(self.num_tasks(split)))]

    def list_tasks(self, split: str) -> list[dict[str, Any]]:
        """The first task of each subject: a preview, since a split holds tens of thousands."""
        return self.get_task_range(split, 0, len(self.judge.subjects(_known(split))))

    @cached_property
    def mcp_server(self) -> Any:
        """The session's tools for agents that speak MCP; the orchestrator keeps `reset`."""
        from fastmcp import FastMCP

        server: Any = FastMCP(f"{self.judge.name}_env")

        @server.tool
        def submit_answer(answer: str) -> dict[str, Any]:
            """Submit an answer to the posed problem and read the verdict."""
            seen: dict[str, Any] = self.step(AnswerAction(answer=answer)).model_dump(mode="json")
            return seen

        @server.tool
        def read_problem() -> dict[str, Any]:
            """Read the posed problem again, and how far the episode is."""
            if self.local.problem is None:
                raise UserError("nothing has been posed yet; call reset first")
            messages = self.local.task.ask(self.local.problem, self.local.turns)
            state = self.local.state()
            return {
                "prompt": "\n\n".join(message["content"] for message in messages),
                "turns_left": state["max_turns"] - state["step_count"],
                "best_r_match": state["best_r_match"],
            }

        return server

    def render_web(self, observation: dict[str, Any]) -> str | None:
        """A picture of the problem and of the best answer so far."""
        if self.local.problem is None:
            return None
        best = max(self.local.turns, key=lambda turn: turn.verdict.reward, default=None)
        return self.judge.picture(self.local.problem, best)

    def web_actions(self, observation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Example answers that the web interface offers: those of baselines to the posed problem."""
        if self.local.problem is None or self.local.state()["done"]:
            return []
        return [(label, {"answer": answer}) for label, answer in self.judge.examples(self.local.problem)]


def _known(split: str) -> str:
    if split not in SPLITS:
        raise IndexError(f"there is no split {split!r}; there are {', '.join(SPLITS)}")
    return split


@cache
def environment_of(task: str) -> type[EpisodeEnvironment]:
    """The environment class of a task.

    Raises:
        UserError: there is no such task.
    """
    judge, messages = tasks.load(task), messages_of(task)
    members = {"judge": judge, "observation_type": messages.observation, "state_type": messages.state}
    named = {"__doc__": judge.title, "__module__": __name__}
    return type(f"{task.title()}Environment", (EpisodeEnvironment,), {**members, **named})


def __getattr__(name: str) -> Any:
    for task in tasks.names():
        if name == f"{task.title()}Environment":
            return environment_of(task)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
