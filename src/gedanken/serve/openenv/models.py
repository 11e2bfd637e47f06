"""The messages of the protocol: actions, observations, states."""

from typing import Any

from openenv.core.env_server.types import Action, Observation, State
from pydantic import Field, model_validator

from gedanken.episode import read_action


class AnswerAction(Action):
    """One answer, as text.

    Any JSON object is a legal action: what is not an `answer` becomes one, so that `{"equation": ...}` works as well.
    Reading the answer is the verifier's business, which gives malformed ones a verdict; nothing here raises.
    """

    answer: str = Field(description="The answer: JSON, or prose that contains it.")

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        metadata = data.get("metadata")
        return {"answer": read_action(data), "metadata": metadata if isinstance(metadata, dict) else {}}


class DiscoverAction(AnswerAction):
    """A proposed law: `DiscoverAction(equation="d2y/dt2 = -g", params={"g": 9.8})`, or its JSON text as `answer`."""


class PredictAction(AnswerAction):
    """The next frame, in the format of the prompt."""


class EpisodeObservation(Observation):
    """What the model's side sees. All of it may reach a language model; none of it tells the truth."""

    prompt: str = Field("", description="What to tell the model next: the question, then the replies to its answers.")
    feedback: str = Field("", description="The verdict on the last answer in English.")
    r_match: float | None = Field(None, description="How good the last answer is, from 0 to 1; null after reset.")
    best_r_match: float = Field(0.0, description="The best answer of the episode so far.")
    turns_left: int = Field(0, description="How many answers may still be given.")
    error: str | None = Field(None, description="Why the last answer scored nothing.")
    components: dict[str, float] = Field(default_factory=dict, description="Reward terms by name, each from 0 to 1.")


class DiscoverObservation(EpisodeObservation):
    """A noisy trajectory to explain, then what the simulator said to the explanation."""


class PredictObservation(EpisodeObservation):
    """A scene to continue, then how the answer compares with the recorded frame."""


class EpisodeState(State):
    """What a trainer may know about the episode; not for the model, since the subject's name tells much."""

    seed: int | None = None
    split: str | None = None
    index: int | None = None
    level: int | None = None
    max_turns: int | None = None
    reward_mode: str | None = None
    best_r_match: float = 0.0
    done: bool = False


class DiscoverState(EpisodeState):
    """As every state, with the name of the system."""

    system_id: str | None = None


class PredictState(EpisodeState):
    """As every state, with the name of the scenario."""

    scenario: str | None = None
