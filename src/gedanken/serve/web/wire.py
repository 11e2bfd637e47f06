"""The bodies of requests to the API. What it answers is in `models/`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from gedanken import tasks
from gedanken.errors import UserError

ID_PATTERN = r"^[A-Za-z0-9_-]{1,32}$"

Scalar = bool | int | float | str
Split = Literal["train", "val", "test"]


def _known(task: str) -> str:
    try:
        tasks.load(task)
    except UserError as error:
        raise ValueError(str(error)) from None
    return task


TaskName = Annotated[str, Field(max_length=40), AfterValidator(_known)]


class Wire(BaseModel):
    """A request body. Unknown fields are an error, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ProblemRequest(Wire):
    """Which problem: the same request names the same problem on every machine."""

    task: TaskName = "discover"
    subject: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="A subject of the task's zoo; drawn by the index when left out."
    )
    split: Split = "test"
    index: int = Field(0, ge=0, lt=2**31, description="Which instance.")
    level: int | None = Field(None, ge=1, le=5)
    options: dict[Annotated[str, Field(max_length=40)], Scalar] = Field(
        default_factory=dict, max_length=16, description="How it is observed: noise, hint, format, ..."
    )


class PlayerRequest(Wire):
    """Who plays: a player of this server by name, or a model behind an endpoint."""

    name: Annotated[str, Field(max_length=100)] | None = Field(
        None,
        description="A player of this server: a built-in one (sparse), local:NAME, or you, whose answers are posted.",
    )
    endpoint: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="A preset (huggingface, openai, openrouter, ollama, vllm) or the URL of one, ending in /v1."
    )
    model: Annotated[str, Field(max_length=200)] | None = None
    api_key: SecretStr | None = Field(None, max_length=500, description="Used for this episode, never stored.")
    temperature: float | None = Field(None, ge=0.0, le=2.0)
    max_tokens: int | None = Field(None, ge=1)

    def public(self) -> dict[str, Any]:
        """All fields but the key, for the history."""
        return self.model_dump(exclude={"api_key"}, exclude_none=True)


class EpisodeRequest(Wire):
    """One player at one problem."""

    problem: ProblemRequest
    player: PlayerRequest
    max_turns: int | None = Field(None, ge=1, le=64)


class ComparisonRequest(Wire):
    """Two players at the same problem, hint, seed and verifier."""

    problem: ProblemRequest
    players: Annotated[list[PlayerRequest], Field(min_length=2, max_length=2)]
    max_turns: int | None = Field(None, ge=1, le=64)


class RolloutRequest(Wire):
    """A player that continues a scene on its own frames."""

    subject: str = Field(max_length=100, description="A scenario.")
    player: PlayerRequest
    split: Split = "test"
    index: int = Field(0, ge=0, lt=2**31)
    level: int = Field(2, ge=1, le=5)
    frames: int = Field(60, ge=1, le=200)
    context: int = Field(10, ge=1, le=100)
    format: Annotated[str, Field(max_length=40)] = "v1"
    exact: bool = False


class SceneRequest(Wire):
    """A scene and how it truly moves."""

    subject: str = Field(max_length=100, description="A scenario.")
    split: Split = "test"
    index: int = Field(0, ge=0, lt=2**31)
    level: int = Field(2, ge=1, le=5)
    frames: int = Field(200, ge=1, le=200, description="Frames after the start.")
    exact: bool = False


Params = Annotated[dict[Annotated[str, Field(max_length=40)], float], Field(max_length=32)]


class SimulationRequest(Wire):
    """A law to try on a problem, or on an uploaded table or a shipped example. Exactly one of the three is given."""

    problem: ProblemRequest | None = None
    dataset: Annotated[str, Field(pattern=ID_PATTERN)] | None = Field(None, description="The id of an uploaded table.")
    example: Annotated[str, Field(max_length=100)] | None = None
    equation: str = Field(max_length=2000)
    params: Params = Field(default_factory=dict)


class AnswerRequest(Wire):
    """A person's answer: an equation with its parameters, or the whole text of an answer in the task's own form."""

    equation: Annotated[str, Field(max_length=2000)] | None = None
    params: Params = Field(default_factory=dict)
    rationale: str = Field("", max_length=4000)
    answer: Annotated[str, Field(max_length=65_536)] | None = Field(None, description="In place of the equation.")


class EndpointRequest(Wire):
    """An endpoint, and the key that it is asked with."""

    endpoint: Annotated[str, Field(max_length=500)]
    api_key: SecretStr | None = Field(None, max_length=500, description="Used for this request, never stored.")


class ModelRequest(EndpointRequest):
    """A model behind an endpoint."""

    model: Annotated[str, Field(min_length=1, max_length=200)]


Header = Annotated[str, Field(max_length=200)]


class RolesRequest(Wire):
    """What the columns of a table are. What is left out is guessed."""

    time: Header | None = None
    state: Annotated[list[Header], Field(max_length=32)] | None = None
    trial: Header | None = None
    inputs: Annotated[list[Header], Field(max_length=32)] = Field(
        default_factory=list, description="Columns that drive the system and run in straight lines between readings."
    )
    held_inputs: Annotated[list[Header], Field(max_length=32)] = Field(
        default_factory=list, description="Columns that drive the system and hold each reading until the next."
    )
    parameters: Annotated[list[Header], Field(max_length=32)] = Field(
        default_factory=list, description="Columns of known constants that differ between trials."
    )
    order: Literal[1, 2] | None = None
    velocities: Annotated[dict[Header, Header], Field(max_length=32)] = Field(
        default_factory=dict, description="Which column is whose velocity: position -> velocity."
    )


class DiscoveryRequest(Wire):
    """What law is in an uploaded table or a shipped example? Exactly one of the two is given."""

    dataset: Annotated[str, Field(pattern=ID_PATTERN)] | None = Field(None, description="The id of an uploaded table.")
    example: Annotated[str, Field(max_length=100)] | None = None
    hint: Annotated[str, Field(max_length=2000)] | None = Field(None, description="A sentence about the scene.")
    fit_until: float | None = Field(None, description="Samples after this time are held out.")
    hold_out: bool = Field(False, description="The last trial is held out.")
    player: PlayerRequest = Field(default_factory=lambda: PlayerRequest.model_validate({"name": "sparse"}))
    max_turns: int | None = Field(None, ge=1, le=64)
