"""Benchmark tables that come with the package, and folders of training runs."""

from typing import Any, Literal

from pydantic import Field

from gedanken.serve.web.models.base import Model, Number


class Measure(Model):
    """A number with its 95 % interval and its sample size."""

    value: Number
    low: Number
    high: Number
    n: int | None
    unit: str


class SubjectMeasure(Model):
    """One player on one subject."""

    subject: str
    n: int
    measures: dict[str, Number]


class ResultRow(Model):
    """One player of a table."""

    player: str
    printed: bool = Field(description="Printed by others and not re-run.")
    source: str
    measures: dict[str, Measure]
    subjects: list[SubjectMeasure]


class ResultTable(Model):
    """One suite."""

    name: str
    task: str
    title: str
    about: str
    command: str = Field(description="The command that reproduces it.")
    date: str
    version: str
    machine: str
    measures: dict[str, str] = Field(description="What each measure means; its order is the table's.")
    rows: list[ResultRow]


class Results(Model):
    """The tables."""

    tables: list[ResultTable]


class Run(Model):
    """A folder of a training run."""

    name: str
    kind: str
    model: str
    step: int | None
    reward: Number
    state: Literal["running", "ended"]
    updated: float = Field(description="Seconds since 1970.")
    lines: int
    options: dict[str, Any] = Field(description="The run's configuration.")


class Runs(Model):
    """The runs of a folder, the latest first."""

    runs: list[Run]


class RunMetrics(Model):
    """Lines of a metrics file: one object a step."""

    name: str
    lines: list[dict[str, Any]]
    next: int = Field(description="The `after` of the next request.")
    state: Literal["running", "ended"]
