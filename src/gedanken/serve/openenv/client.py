"""Clients of a running server: `async with DiscoverEnv(base_url=...) as env`, or `with ... .sync() as env`."""

from functools import cache
from typing import Any, ClassVar

from openenv.core import EnvClient
from openenv.core.client_types import StepResult

from gedanken import tasks
from gedanken.episode import read_action
from gedanken.serve.openenv.models import EpisodeObservation, EpisodeState, messages_of


class EpisodeClient(EnvClient[Any, Any, Any]):
    """A session: `reset(seed=, ...)`, then up to `turns_left` times `step(action)`."""

    _observation: ClassVar[type[EpisodeObservation]]
    _state: ClassVar[type[EpisodeState]]

    def _step_payload(self, action: Any) -> dict[str, Any]:
        return {"answer": read_action(action)}

    def _parse_result(self, payload: dict[str, Any]) -> StepResult[Any]:
        reward, done = payload.get("reward"), payload.get("done", False)
        observation = self._observation(**payload["observation"], reward=reward, done=done)
        return StepResult(observation, reward, done, payload.get("metadata"))

    def _parse_state(self, payload: dict[str, Any]) -> EpisodeState:
        return self._state(**payload)


@cache
def client_of(task: str) -> type[EpisodeClient]:
    """The client class of a task: `DiscoverEnv` of `discover`.

    Raises:
        UserError: there is no such task.
    """
    messages = messages_of(task)
    members = {"_observation": messages.observation, "_state": messages.state, "__module__": __name__}
    return type(f"{task.title()}Env", (EpisodeClient,), {**members, "__doc__": tasks.load(task).title})


def __getattr__(name: str) -> Any:
    for task in tasks.names():
        if name == f"{task.title()}Env":
            return client_of(task)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
