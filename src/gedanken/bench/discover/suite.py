"""The suites of `discover`, and how their problems are posed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gedanken.bench.suite import choose, read
from gedanken.errors import UserError
from gedanken.loop import Key, Problem
from gedanken.seeding import stream
from gedanken.tasks.discover.observation import Observation, Truth
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode import corrupt, lsr, odebench, text
from gedanken.worlds.ode.system import solve
from gedanken.worlds.ode.trajectory import Array, Trajectory

STARTS = ("first", "second", "each", "joint")
KINDS = ("zoo", "odebench", "lsr")
Fixed = odebench.Entry | lsr.Entry  # a law with one set of constants and two starts
SCORES = ("mean", "weighted")


@dataclass(frozen=True)
class Suite:
    """What a suite's file says.

    Attributes:
        name: its name.
        version: raised whenever a problem or a rule changes; numbers of different versions are not compared.
        about: one sentence.
        kind: `zoo` (drawn problems about systems of the zoo), `odebench` (its 63 fixed systems) or `lsr` (the fixed
            laws of `worlds/ode/lsr.py`).
        subjects: what the problems are about.
        held_out: the subjects that no training problem may be about.
        problems: problems a subject, where they are drawn.
        threshold: R2 above which a record counts as reproduced.
        score: `mean` of the columns' R2, or `weighted` by their variances.
        printed: rows published by others, `{"player", "noise", "drop", "solved", "generalises", "source"}`.
    """

    name: str
    version: int
    about: str
    kind: str
    subjects: tuple[str, ...]
    threshold: float
    score: str
    held_out: tuple[str, ...] = ()
    problems: int = 1
    printed: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Item:
    """One problem of a suite: `index` counts a subject's draws, or names the start (0, 1; -1 for both jointly)."""

    subject: str
    index: int


@dataclass(frozen=True)
class Options:
    """How the problems of a run are observed.

    Attributes:
        noise: share of each column's spread (zoo, lsr) or factor on each value (ODEBench).
        drop: share of the samples dropped at random; not in the zoo.
        starts: which of the two starts of a fixed law is observed: `first`, `second`, `each` in turn, or both
            `joint`ly. In the zoo, `joint` shows two starts of each system instead of one.
        hint: hint level; fixed laws are always anonymous and without a hint, as ODEBench's protocol is.
        positions_only: velocities are not observed.
        rows: rows of the record that a prompt shows, for models with little context; ODEBench shows its own number.
    """

    noise: float = 0.05
    drop: float = 0.0
    starts: str = "first"
    hint: str = "full"
    positions_only: bool = False
    rows: int | None = None


def load(name: str) -> Suite:
    """A suite of the package by name, or one's own by the path of its TOML file.

    Raises:
        UserError: there is none, or its file cannot be used.
    """
    suite = read("discover", name, Suite)
    if suite.kind not in KINDS or suite.score not in SCORES:
        raise UserError(f"the suite {name} needs kind {' or '.join(KINDS)} and score {' or '.join(SCORES)}")
    return suite


def list_items(
    suite: Suite, options: Options, problems: int | None = None, subjects: Sequence[str] | None = None
) -> list[Item]:
    """The problems of a run, in order.

    Raises:
        UserError: an option that this suite does not have, or a subject that is not in it.
    """
    chosen = choose(suite.name, suite.subjects, subjects)
    if options.starts not in STARTS:
        raise UserError(f"starts is {', '.join(STARTS)}, not {options.starts!r}")
    if suite.kind != "zoo":
        if options.positions_only and suite.kind == "odebench":
            raise UserError("odebench has first-order laws only, so there are no velocities to hide")
        if options.rows is not None:
            raise UserError(f"{suite.kind} shows its own number of rows, so rows {options.rows} cannot be asked for")
        if not 0 <= options.noise <= 1 or not 0 <= options.drop < 1:
            raise UserError(f"noise and drop are shares, not {options.noise} and {options.drop}")
        indices = {"first": (0,), "second": (1,), "each": (0, 1), "joint": (-1,)}[options.starts]
        return [Item(subject, index) for subject in chosen for index in indices]
    if options.drop or options.starts not in ("first", "joint"):
        raise UserError(f"drop and starts second or each belong to odebench and lsr, not to {suite.name}")
    count = suite.problems if problems is None else problems
    if count < 1:
        raise UserError(f"a suite needs at least one problem a subject, not {count}")
    return [Item(subject, index) for subject in chosen for index in range(count)]


def pose(suite: Suite, item: Item, options: Options) -> Problem:
    """The problem behind an item; the same one on every machine."""
    if suite.kind != "zoo":
        return _pose_fixed(suite.kind, item, options)
    return DiscoverTask().pose(
        item.subject,
        split="test",
        index=item.index,
        noise=float(options.noise),
        hint=options.hint,
        positions_only=options.positions_only,
        trials=2 if options.starts == "joint" else 1,
        rows=options.rows,
    )


def _pose_fixed(kind: str, item: Item, options: Options) -> Problem:
    """By the protocol of ODEBench: noise, dropped samples, no hint, scored on the clean record.

    The noise is in proportion to each value in ODEBench, as published, and to each column's spread elsewhere.
    """
    entry: Fixed = (odebench if kind == "odebench" else lsr).find(item.subject)
    corrupted = corrupt.multiply_noise if kind == "odebench" else corrupt.add_noise
    observed = (0, 1) if item.index < 0 else (item.index,)
    clean = [entry.trajectory(start) for start in observed]
    seen = []
    for start, trajectory in zip(observed, clean, strict=True):
        # The noise does not depend on the other options, so that runs can be compared problem by problem.
        noisy = corrupted(trajectory, options.noise, stream(kind, entry.id, start, "noise"))
        if options.positions_only:
            noisy = corrupt.hide_velocities(noisy, entry.states)
        thin = corrupt.drop_samples(noisy, options.drop, stream(kind, entry.id, start, "drop"))
        name = f"trial {start + 1}" if len(observed) > 1 else ""
        seen.append(Trajectory(thin.t, thin.values, name))
    unseen = third_trajectory(entry) if item.index < 0 else entry.trajectory(1 - item.index)
    truth = Truth(
        entry.equation,
        entry.params,
        tuple(_start_at(entry, start, trial.t[0]) for start, trial in zip(observed, seen, strict=True)),
        tuple(seen),
        tuple(clean),
        (unseen,),
    )
    observation = Observation(entry.states, tuple(seen), "", "anonymous")
    prompt = text.write_prompt(entry.states, seen)
    key = Key(item.subject, "test", item.index, options={"noise": float(options.noise), "drop": float(options.drop)})
    return Problem(DiscoverTask.name, key, observation, prompt, truth)


def third_trajectory(entry: Fixed) -> Trajectory:
    """The clean solution from half-way between the two starts, which no problem shows."""
    t = entry.times
    start = (entry.starts[0] + entry.starts[1]) / 2
    return Trajectory(t, solve(entry.equation, entry.states, entry.params, start, t))


def _start_at(entry: Fixed, start: int, time: float) -> Array:
    """The clean state at the first sample that was kept."""
    if time == 0.0:
        return entry.starts[start]
    state: Array = solve(entry.equation, entry.states, entry.params, entry.starts[start], np.array([time]))[0]
    return state
