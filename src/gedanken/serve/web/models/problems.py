"""Subjects of the zoo and posed problems."""

from typing import Annotated, Literal

from pydantic import Field

from gedanken.serve.web.models.base import Model, Number, Rows
from gedanken.serve.web.models.scenes import Scene, State


class Message(Model):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Trial(Model):
    """Samples of one trial: `values` has one row a time and one number a column; null was not observed."""

    name: str
    t: list[float]
    values: Rows
    inputs: Rows | None = Field(default=None, description="Values of the inputs at these times, one number an input.")


class InputShown(Model):
    """A quantity that acts on the system and has no law of its own."""

    name: str
    between: str = Field(description="What it does between two readings: line, hold, or trial (the same in a trial).")


class DiscoverShown(Model):
    """What a player sees of a `discover` problem, and what it takes to write an answer."""

    task: Literal["discover"]
    hint: str
    columns: list[str] = Field(description="The state variables, positions before their velocities.")
    left_sides: list[str] = Field(description="The derivatives that an answer must give, such as d2y/dt2.")
    functions: list[str] = Field(description="The functions that an equation may call.")
    time: str = Field(description="Name of the time column.")
    time_unit: str
    units: dict[str, str] = Field(description="Unit of each column that has one.")
    spread: dict[str, Number] = Field(
        description="Standard deviation of each column over all its samples: the unit of residual strips."
    )
    inputs: list[InputShown] = Field(default=[], description="What equations may name besides the state variables.")
    known: list[str] = Field(default=[], description="What is known of the law, in sentences.")
    trials: list[Trial]
    held_out: list[Trial] = Field(description="Trials, or a trial's later samples, that no player sees.")
    prompt_length: int = Field(description="Characters of the prompt.")


class PredictShown(Model):
    """What a player sees of a `predict` problem."""

    task: Literal["predict"]
    format: str
    first: int = Field(description="Number of the first frame shown.")
    frames: list[State]
    scene: Scene | None
    prompt_length: int


Shown = Annotated[DiscoverShown | PredictShown, Field(discriminator="task")]


class ProblemKey(Model):
    """What names a problem: it can be posted back as the `problem` of a request."""

    task: str
    subject: str
    split: Literal["train", "val", "test"]
    index: int
    level: int | None
    options: dict[str, bool | int | float | str]


class PosedProblem(Model):
    """A problem: its name, what a language model reads, and the data behind that."""

    problem: ProblemKey
    version: str = Field(description="Of gedanken.")
    prompt: str
    messages: list[Message]
    shown: Shown | None = Field(description="Null for a task that the page cannot draw.")


class SubjectRow(Model):
    """One entry of a task's zoo."""

    name: str
    category: str
    tier: int | None
    held_out: bool
    about: str = Field(description="Its law (`discover`), or what happens (`predict`).")
    summary: str = Field(description="What it is about, in a sentence or two that need not hide the law.")
    equation: str | None
    source: str | None


class Quantity(Model):
    """How a parameter or a start is drawn."""

    name: str
    kind: Literal["uniform", "log_uniform", "choice", "signed", "number", "expression"]
    low: Number
    high: Number
    options: list[float] | None
    expression: str | None
    text: str = Field(description="The same in words.")


class SystemDetail(Model):
    """A system of `discover`."""

    task: Literal["discover"]
    name: str
    category: str
    tier: int
    held_out: bool
    summary: str
    about: str = Field(description="The whole docstring.")
    equation: str
    latex: str
    columns: list[str]
    params: list[Quantity]
    initial: list[Quantity]
    conserved: dict[str, str]
    source: str
    duration: str
    samples: int


class ScenarioDetail(Model):
    """A scenario of `predict`."""

    task: Literal["predict"]
    name: str
    category: str
    held_out: bool
    summary: str
    about: str
    conserved: list[str]
    levels: dict[str, list[int]] = Field(description="Fewest and most bodies of each level.")


SubjectDetail = Annotated[SystemDetail | ScenarioDetail, Field(discriminator="task")]


class SystemThumbnail(Model):
    """One column of one instance, for a small curve."""

    column: str
    t: list[float]
    values: list[Number]


class Thumbnails(Model):
    """A small curve for every system, by name."""

    systems: dict[str, SystemThumbnail]
