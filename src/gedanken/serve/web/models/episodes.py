"""Episodes, comparisons, turns, verdicts, laws."""

from typing import Annotated, Any, Literal

from pydantic import Field

from gedanken.serve.web.models.base import Code, Model, Number, Rows, Status
from gedanken.serve.web.models.problems import Message, ProblemKey, Shown
from gedanken.serve.web.models.scenes import State


class Curve(Model):
    """A simulated trial. Rows are null from where the simulation ended."""

    t: list[float]
    values: Rows


class DenseCurve(Curve):
    """A simulated trial at 300 times."""

    reached: float = Field(description="Time up to which the law could be simulated; the last time if to the end.")


class LawDrawing(Model):
    r"""A law as it was read, and what it does on the trials.

    In `latex`, parameters are wrapped in `\htmlData{param=NAME}{...}` and equations are joined by `\\`. `curves` and
    `dense` hold one entry a trial; `curves` is empty for a law that was refused in the middle of the record.
    """

    kind: Literal["law"]
    equation: str
    params: dict[str, float]
    latex: str
    curves: list[Curve]
    dense: list[DenseCurve]


class FrameDrawing(Model):
    """A predicted frame, unanswered bodies held, beside the recorded one."""

    kind: Literal["frame"]
    frame: State
    recorded: State


Drawing = Annotated[LawDrawing | FrameDrawing, Field(discriminator="kind")]


class Verdict(Model):
    """What the verifier made of an answer. `reward` is the sum of weight times term."""

    reward: float
    match: float
    solved: bool
    solved_at: float = Field(description="The episode is solved above this match (`discover`) or reward (`predict`).")
    terms: dict[str, float]
    weights: dict[str, float]
    error: str | None = Field(description="Why the answer scores nothing.")
    feedback: str
    details: dict[str, Any] = Field(
        description="Of `discover`: equation, params, rationale, initial, operators, r2 by column, shown, elsewhere; "
        "of `predict`: coverage, position_rmse, velocity_rmse, position_bar, velocity_bar, complaints."
    )


class Turn(Model):
    """One answer and its verdict."""

    number: int
    answer: str
    verdict: Verdict
    drawing: Drawing | None
    seconds: float


class PublicPlayer(Model):
    """Who plays, without the key: a player of this server by name, or a model behind an endpoint."""

    name: str | None = None
    endpoint: str | None = None
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


class EpisodeRow(Model):
    """An episode without its turns."""

    id: str
    status: Status
    created: float = Field(description="Seconds since 1970.")
    ended: float | None
    comparison: str | None
    side: int
    version: str = Field(description="Of the gedanken that played it.")
    problem: ProblemKey
    player: PublicPlayer
    max_turns: int
    error: str | None
    code: Code | None
    peeked: bool = Field(description="A person looked at the opponent before the end.")
    best_reward: float | None
    best_match: float | None
    solved: bool
    solved_in: int | None = Field(description="Number of the first solved turn.")
    played: int = Field(description="How many turns.")


class Episode(EpisodeRow):
    """An episode with every finished turn: a permalink."""

    turns: list[Turn]
    shown: Shown | None = Field(description="The problem's data; null where this version cannot pose it any more.")


class Recorded(Model):
    """Where a comparison that comes with the package is from."""

    date: str
    version: str
    command: str
    note: str = Field(description="Who played, for the badge.")


class TrueLaw(Model):
    """The law that made the record."""

    equation: str
    params: dict[str, float]
    latex: str
    curves: list[Curve]
    dense: list[DenseCurve]
    about: str
    source: str
    conserved: dict[str, str]


class Comparison(Model):
    """Two episodes of the same problem, left and right."""

    id: str
    created: float
    problem: ProblemKey
    shown: Shown | None
    episodes: list[Episode] = Field(description="Their own `shown` is null here; it is the comparison's.")
    recorded: Recorded | None = Field(description="Null for what was played on this server.")
    law: TrueLaw | None = Field(description="With a recorded comparison; else ask for the law of an episode.")


class ComparisonRow(Model):
    """A comparison without its turns."""

    id: str
    created: float
    problem: ProblemKey
    episodes: list[EpisodeRow]


class StartedComparison(Model):
    """What was started, and where it can be followed and found."""

    id: str
    episodes: list[str]
    url: str
    events: str


class AnswerReply(Model):
    """The verdict on a person's answer, and whether the episode goes on."""

    turn: Turn
    status: Status
    turns_left: int


class Messages(Model):
    """The conversation that asks for the next answer of a `you` episode."""

    number: int = Field(description="Of the answer that is asked for.")
    messages: list[Message]


class ReadingError(Model):
    """Why an equation is refused."""

    text: str
    position: int | None = Field(description="Index into the equation where reading stopped.")
    reached: float | None = Field(description="Time at which the simulation ended, where it could be read.")


class Simulation(Model):
    """What the verifier says of a law that is not entered as an answer."""

    drawing: LawDrawing | None = Field(description="Null where the equation cannot be read.")
    params_found: list[str] = Field(description="Names in the equation that are parameters, in order, also undeclared.")
    residual_sd: dict[str, Number] = Field(description="Standard deviation of prediction less data, by column.")
    r2: dict[str, Number]
    terms: dict[str, float]
    weights: dict[str, float]
    match: float
    feedback: str
    error: ReadingError | None
