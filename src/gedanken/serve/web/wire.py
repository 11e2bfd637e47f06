"""The bodies of requests to the API."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from gedanken import tasks
from gedanken.errors import UserError

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
    """Who plays: a built-in player by name, or a model behind an endpoint."""

    name: Annotated[str, Field(max_length=100)] | None = Field(None, description="A built-in player, such as sparse.")
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
