"""A person's own data, and laws discovered in them."""

from typing import Any, Literal

from pydantic import Field

from gedanken.serve.web.models.base import Code, Model, Number, Status
from gedanken.serve.web.models.episodes import Curve, PublicPlayer, Turn
from gedanken.serve.web.models.problems import Trial

Role = Literal["time", "state", "velocity", "trial", "input", "held_input", "parameter", "ignore"]


class Column(Model):
    """A column of an uploaded table, and what it is taken for."""

    header: str
    kind: Literal["number", "text", "date", "boolean", "empty"]
    unit: str
    role: Role
    velocity_of: str | None = Field(description="Header of the position, for the role `velocity`.")
    preview: list[str] = Field(description="Its first cells.")


class Series(Model):
    """Trials as they were read."""

    columns: list[str] = Field(description="The state variables: the headers, made fit for equations.")
    headers: dict[str, str] = Field(description="Header behind each state variable that was measured, and each input.")
    inputs: list[str] = Field(description="What acts on the system from outside, as equations name it.")
    time: str
    time_unit: str
    units: dict[str, str]
    trials: list[Trial]


class Dataset(Model):
    """An uploaded table as it is read with these roles."""

    id: str
    name: str
    created: float
    expires: float | None = Field(description="Seconds since 1970; null on a server of one's own.")
    rows: int
    columns: list[Column]
    order: Literal[1, 2] | None
    notes: list[str] = Field(description="What was assumed, converted or left out, a sentence each.")
    series: Series | None = Field(description="Null where the columns cannot be used as they are; `problem` says why.")
    problem: str | None


class Example(Model):
    """A measured data set that comes with the package."""

    name: str
    title: str
    hint: str
    about: str
    caveats: list[str]
    source: str
    about_columns: dict[str, str] = Field(description="What each column holds.")
    series: Series


class Candidate(Model):
    """A law that a search has fitted."""

    equation: str
    latex: str
    params: dict[str, float]
    criterion: Number = Field(description="-2 log posterior up to a constant: smaller is better, differences count.")
    match: Number
    columns: list[str] = Field(description="What the curves are of, one name a value.")
    curves: list[Curve]


class Parameter(Model):
    """A constant of a law with its 95 % interval."""

    name: str
    value: float
    half_width: Number = Field(description="Half of the 95 % interval; null where the data do not determine it.")


class AlternativeLaw(Model):
    """Another law that was weighed."""

    equation: str
    latex: str
    params: dict[str, float]
    delta: Number = Field(description="How much worse than the law, on the scale of -2 log posterior.")
    match: Number
    complexity: int = Field(description="Operators of its equations.")


class LadderLaw(Model):
    """A law of the ladder from the simplest to the best."""

    equation: str
    params: dict[str, float]
    constants: int
    terms: int
    r2: Number = Field(description="Mean R2 of the columns, simulated anew.")
    r2_left_out: Number = Field(description="The same over samples that were left out of a fit; null where not tried.")
    criterion: Number = Field(description="-2 log posterior up to a constant; null where the player ranks no laws.")
    reported: bool


class ReportTrial(Model):
    """Data and prediction of a trial, at the samples and at many times."""

    name: str
    held_out: bool
    t: list[float]
    observed: list[list[Number]]
    predicted: list[list[Number]] | None = Field(description="Null where no law was found.")
    curve: Curve | None


class Report(Model):
    """What was found out."""

    title: str
    hint: str
    player: str
    solved: bool
    outcome: str = Field(description="What came out, in a few words.")
    doubts: list[str] = Field(description="Why the law is not plainly solved, a sentence each.")
    match: Number
    equation: str | None = Field(description="Null where no answer could be read as a law.")
    latex: str | None
    params: list[Parameter]
    intervals: bool = Field(description="Whether the constants were fitted and have intervals.")
    r2: dict[str, Number]
    held_out_r2: dict[str, Number] | None
    baselines: dict[str, dict[str, Number]] = Field(description="R2 of each column by what needs no law.")
    order: str = Field(description="Why the law has its order; empty where it was given.")
    observations: list[str] = Field(description="What the record shows by itself, a sentence each.")
    ladder: list[LadderLaw]
    left_out: str = Field(description="Which samples the ladder's laws were tried at.")
    reason: str = Field(description="Why this law of the ladder is reported; empty where its criterion is the best.")
    alternatives: list[AlternativeLaw]
    limits: list[str] = Field(description="What the data cannot tell, a sentence each.")
    notes: list[str]
    rationale: str
    columns: list[str]
    inputs: dict[str, str] = Field(description="What acts on the system: line, hold or trial (see `InputShown`).")
    units: dict[str, str]
    time: str
    time_unit: str
    trials: list[ReportTrial]
    turns: list[Turn]
    source: str
    command: str = Field(description="The command line that gives the same report.")
    seconds: float
    written: str
    versions: dict[str, str]


class Discovery(Model):
    """A discovery, running or ended: a permalink."""

    id: str
    status: Status
    created: float
    ended: float | None
    expires: float | None
    name: str = Field(description="The data's name.")
    request: dict[str, Any] = Field(description="As it was asked for, without the key.")
    player: PublicPlayer
    error: str | None
    code: Code | None
    report: Report | None


class AlternativeCurves(Model):
    """An alternative drawn over the data."""

    equation: str
    curves: list[Curve]
