"""Server-sent events: what stands behind `data:`, by the name behind `event:`.

Streams of a comparison merge both episodes and give each event its `side`; elsewhere it is null or left out.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from gedanken.serve.web.models.base import Code, Model, Rows, Status
from gedanken.serve.web.models.discoveries import Candidate, Report
from gedanken.serve.web.models.episodes import Turn
from gedanken.serve.web.models.scenes import Baseline, FrameErrors, Scene, State


class _Event(Model):
    # `side` may be left out, so not every field is required.
    model_config = ConfigDict(extra="forbid", json_schema_extra=None)


class TurnStarted(_Event):
    """A player is asked for its next answer."""

    number: int
    side: int | None = None


class Text(_Event):
    """A piece of what a model writes: its answer (`token`), or what it writes before that (`reasoning`)."""

    text: str
    side: int | None = None


class Note(_Event):
    """What is going on: a stage of a search, compiling, a local model that thinks.

    `kind` tells which: `progress` of a built-in player, `compiling` (once, about a minute), `thinking`.
    """

    text: str
    kind: Literal["progress", "compiling", "thinking"]
    side: int | None = None


class TurnEvent(Turn):
    """An answer and its verdict. It is in the history before it is sent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=None)

    side: int | None = None


class End(_Event):
    """The last event, one for each side."""

    status: Status
    error: str | None
    code: Code | None
    side: int | None = None


class SceneEvent(_Event):
    """The scene that is continued, and the frames that the player is shown."""

    title: str
    scene: Scene | None
    first: int = Field(description="Number of the first frame shown.")
    frames: list[State]
    prompt: str = Field(description="The text that a model reads first.")


class FrameEvent(_Event):
    """A predicted frame beside the true one."""

    number: int
    predicted: State
    truth: Rows
    errors: FrameErrors
    coverage: float = Field(description="Share of the bodies that were answered; the others are held.")
    complaints: list[str]
    text: str = Field(description="The model's answer, at most 8 kB.")


class BaselinesEvent(_Event):
    """What extrapolations of the same frames make of it; once, before the end."""

    baselines: list[Baseline]


class CandidateEvent(_Event, Candidate):
    """The best law of a search so far."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=None)


class ProgressEvent(_Event):
    """How far a search is."""

    text: str
    fits: int | None = Field(description="Structures fitted so far.")
    seconds: float


class EpisodeEvents(Model):
    """Events of an episode or a comparison, by name."""

    turn_started: TurnStarted
    token: Text
    reasoning: Text
    note: Note
    turn: TurnEvent
    end: End


class RolloutEvents(Model):
    """Events of a rollout, by name."""

    scene: SceneEvent
    frame: FrameEvent
    baselines: BaselinesEvent
    end: End


class DiscoveryEvents(Model):
    """Events of a discovery, by name."""

    note: Note
    progress: ProgressEvent
    token: Text
    reasoning: Text
    candidate: CandidateEvent
    turn: TurnEvent
    report: Report
    end: End


STREAMS = (EpisodeEvents, RolloutEvents, DiscoveryEvents)
