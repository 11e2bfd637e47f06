"""The server itself: what it allows, who can play, which endpoints can be asked."""

from typing import Literal

from pydantic import Field

from gedanken.serve.web.models.base import Code, Model


class Health(Model):
    """That the server and its history answer."""

    status: Literal["healthy"]
    version: str


class Features(Model):
    """What this server has switched on."""

    page: bool = Field(description="The page was built.")
    datasets: bool
    runs: bool
    recorded: bool = Field(description="A recorded comparison comes with this version.")


class Limits(Model):
    """What this server allows."""

    max_body: int
    max_upload: int
    max_tokens: int
    max_turns: int
    answer_seconds: float
    episode_seconds: float
    idle_seconds: float = Field(description="How long an episode waits for a person's next answer.")
    client_episodes: int
    simulations_per_minute: int | None


class Compiled(Model):
    """Which kernels are ready; before that, a first answer may wait for a minute."""

    verifier: bool
    search: bool


class RewardTerm(Model):
    """One row of the reward table."""

    name: str
    weight: float
    about: str


class LocalPlayer(Model):
    """Someone who can play on this server. Requests name it by `name`."""

    name: str
    title: str
    kind: Literal["builtin", "local", "you"]
    about: str


class Server(Model):
    """What a page asks first."""

    version: str
    hosted: bool
    features: Features
    limits: Limits
    pair: list[str] | None = Field(description="The two players that the server proposes, by name.")
    compiled: Compiled
    reward: dict[str, list[RewardTerm]] = Field(description="The reward table of each task.")


class Endpoint(Model):
    """Where models may be asked."""

    name: str
    title: str
    base_url: str
    model: str = Field(description="A model that the page may suggest.")
    needs_key: bool = Field(description="Whether a key has to be brought along.")


class EndpointCheck(Model):
    """Whether a model behind an endpoint answers."""

    ok: bool
    ms: float
    code: Code | None
    detail: str


class EndpointModels(Model):
    """The models that an endpoint names."""

    models: list[str]
    code: Code | None
    detail: str
