"""Clients of a running server: `async with DiscoverEnv(base_url=...) as env`, or `with ... .sync() as env`."""

from typing import Any, ClassVar

from openenv.core import EnvClient
from openenv.core.client_types import StepResult

from gedanken.episode import read_action
from gedanken.serve.openenv.models import (
    DiscoverAction,
    DiscoverObservation,
    DiscoverState,
    EpisodeObservation,
    EpisodeState,
    PredictAction,
    PredictObservation,
    PredictState,
)


class _EpisodeClient(EnvClient[Any, Any, Any]):
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


class DiscoverEnv(_EpisodeClient, EnvClient[DiscoverAction, DiscoverObservation, DiscoverState]):
    """A session of `discover`: `reset(system_id=, seed=, ...)`, then up to `turns_left` times `step(action)`."""

    _observation, _state = DiscoverObservation, DiscoverState


class PredictEnv(_EpisodeClient, EnvClient[PredictAction, PredictObservation, PredictState]):
    """A session of `predict`: `reset(scenario=, seed=, ...)`, then `step(action)`."""

    _observation, _state = PredictObservation, PredictState
