"""An OpenEnv environment that does nothing, with the messages of `discover`: what the protocol alone costs.

Served by `benchmarks/serve.py` beside the real one, whose steps per second are reported as a ratio to this one's.
"""

from typing import Any

from openenv.core.env_server.http_server import create_app
from openenv.core.env_server.interfaces import Environment

from gedanken.serve.openenv.models import DiscoverAction, DiscoverObservation, DiscoverState


class Empty(Environment[DiscoverAction, DiscoverObservation, DiscoverState]):
    """Answers every step with the same observation."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def reset(self, seed: int | None = None, episode_id: str | None = None, **_: Any) -> DiscoverObservation:
        """Begin nothing."""
        return DiscoverObservation(prompt="?", turns_left=8)

    def step(self, action: DiscoverAction, timeout_s: float | None = None, **_: Any) -> DiscoverObservation:
        """Judge nothing."""
        return DiscoverObservation(prompt="Again.", feedback="Match 0.000.", r_match=0.0, reward=0.0, turns_left=7)

    @property
    def state(self) -> DiscoverState:
        """No state."""
        return DiscoverState()


class EmptyOnTheLoop(Empty):
    """The same without the hand-over to a thread."""

    async def step_async(self, action: DiscoverAction, timeout_s: float | None = None, **_: Any) -> DiscoverObservation:
        """Judge nothing."""
        return self.step(action)


def _create(kind: type[Empty]) -> Any:
    return create_app(
        kind, DiscoverAction, DiscoverObservation, env_name="empty", max_concurrent_envs=64, state_cls=DiscoverState
    )


app, app_on_the_loop = _create(Empty), _create(EmptyOnTheLoop)
