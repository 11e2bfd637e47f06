"""The messages of the protocol: actions, observations, states."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from openenv.core.env_server.types import Action, Observation, State
from pydantic import Field, create_model, model_validator

from gedanken import tasks
from gedanken.episode import read_action


class AnswerAction(Action):
    """One answer, as text: `DiscoverAction(equation="d2y/dt2 = -g", params={"g": 9.8})`, or its JSON as `answer`.

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


class EpisodeObservation(Observation):
    """What the model's side sees. All of it may reach a language model; none of it tells the truth."""

    prompt: str = Field("", description="What to tell the model next: the question, then the replies to its answers.")
    feedback: str = Field("", description="The verdict on the last answer in English.")
    r_match: float | None = Field(None, description="How good the last answer is, from 0 to 1; null after reset.")
    best_r_match: float = Field(0.0, description="The best answer of the episode so far.")
    turns_left: int = Field(0, description="How many answers may still be given.")
    error: str | None = Field(None, description="Why the last answer scored nothing.")
    components: dict[str, float] = Field(default_factory=dict, description="Reward terms by name, each from 0 to 1.")
    metrics: dict[str, float] = Field(
        default_factory=dict, description="At the end of the episode: first, best, turns, solved; empty before."
    )


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
    metrics: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True)
class Messages:
    """The message types of one task: `DiscoverAction`, `DiscoverObservation`, `DiscoverState` of `discover`."""

    action: type[AnswerAction]
    observation: type[EpisodeObservation]
    state: type[EpisodeState]


@cache
def messages_of(task: str) -> Messages:
    """The message types of a task; its state names the subject by the task's own word.

    Raises:
        UserError: there is no such task.
    """
    judge = tasks.load(task)
    name = task.title()
    subject: dict[str, Any] = {judge.subject_option: (str | None, None)}
    return Messages(
        create_model(f"{name}Action", __base__=AnswerAction, __module__=__name__, __doc__=f"An answer. {judge.title}"),
        create_model(f"{name}Observation", __base__=EpisodeObservation, __module__=__name__, __doc__=judge.title),
        create_model(
            f"{name}State", __base__=EpisodeState, __module__=__name__, __doc__=EpisodeState.__doc__, **subject
        ),
    )


def __getattr__(name: str) -> Any:
    for task in tasks.names():
        for part in ("Action", "Observation", "State"):
            if name == task.title() + part:
                return getattr(messages_of(task), part.lower())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
