"""Rollouts of scenes."""

from gedanken.serve.web.models.base import Code, Model, Status
from gedanken.serve.web.models.episodes import PublicPlayer
from gedanken.serve.web.models.events import FrameEvent, SceneEvent
from gedanken.serve.web.models.scenes import Baseline


class Rollout(Model):
    """A rollout, running or ended, of the last hundred."""

    id: str
    status: Status
    created: float
    subject: str
    split: str
    index: int
    level: int
    format: str
    exact: bool
    player: PublicPlayer
    error: str | None
    code: Code | None
    scene: SceneEvent
    frames: list[FrameEvent]
    baselines: list[Baseline] | None
