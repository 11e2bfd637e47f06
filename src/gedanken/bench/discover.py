"""`gedanken bench discover`: play a suite, measure every answer against the clean truth, summarise with intervals."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson

import gedanken
from gedanken import zoo
from gedanken.bench import form
from gedanken.bench import suite as suites
from gedanken.bench.report import render_markdown, write_reports
from gedanken.bench.suite import Item, Options, Suite
from gedanken.errors import Unanswerable, UserError
from gedanken.loop import Player, Problem, play
from gedanken.players import load_player
from gedanken.statistics import summarise_rate
from gedanken.tasks.discover import rewards
from gedanken.tasks.discover.observation import Truth
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode import odebench, text
from gedanken.worlds.ode.law.parser import Equations, parse
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import Trajectory

__all__ = ["Row", "run", "render_markdown", "write_reports"]

PEERS = "gedanken.bench.peers"
# Named by the rule of this file that changed last; results record it.
VERSION = "discover-bench-1"
# Simulations that judge are a hundred times tighter than those that score answers in a loop.
RTOL, ATOL, FUEL = 1e-8, 1e-10, 20_000_000

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Row:
    """What became of one problem.

    Attributes:
        subject: what it was about.
        index: which draw or start.
        equation: the best answer's law; empty when no answer could be read.
        params: its parameters.
        r2: of the clean record, simulated from its clean start; the least of the trials. None: not simulated.
        r2_unseen: of the clean record from a start that was not shown.
        r2_third: ODEBench's single starts only: of the record from half-way between its two starts.
        solved: `r2` is above the suite's threshold.
        generalises: `r2_unseen` is.
        form: the law has exactly the true law's terms.
        equivalent: it has not, but no data of the two starts can tell it from the true law.
        coefficient_error: where the form is right, the largest relative error of a term's coefficient.
        form_any: some answer of the episode has the true form.
        complexity: operators, variables and constants of the law.
        true_complexity: the same of the truth.
        seconds: time that the player took for all its answers.
        turns: how many answers it gave.
        error: why the best answer scored nothing, or None.
    """

    subject: str
    index: int
    equation: str
    params: Mapping[str, float]
    r2: float | None
    r2_unseen: float | None
    r2_third: float | None
    solved: bool
    generalises: bool
    form: bool
    equivalent: bool
    coefficient_error: float | None
    form_any: bool
    complexity: int
    true_complexity: int
    seconds: float
    turns: int
    error: str | None


def run(
    suite: str,
    player: str,
    *,
    noise: float = 0.05,
    problems: int | None = None,
    subjects: Sequence[str] | None = None,
    drop: float = 0.0,
    starts: str = "first",
    hint: str = "full",
    positions_only: bool = False,
    rows: int | None = None,
    turns: int = 1,
    workers: int = 1,
    out: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Play a suite with one player.

    Args:
        suite: a suite's name, or the path of a TOML file.
        player: a peer (`pysindy`, `linear`, `oracle`), a baseline of the task (`sparse`) or a model (`openai:MODEL`).
        noise: see `suite.Options`, as `drop`, `starts`, `hint`, `positions_only` and `rows`.
        problems: problems a subject, instead of the suite's own number.
        subjects: only these.
        drop: share of the samples dropped.
        starts: which starts are observed.
        hint: hint level.
        positions_only: velocities are not observed.
        rows: rows that a prompt shows.
        turns: answers a player has; the one with the best match counts.
        workers: processes.
        out: folder for the rows, as they are done, and for the results. A run that was cut off goes on from there.
        progress: called with (done, total, subject).

    Returns:
        JSON-able: `suite`, `player`, `noise`, `n`, the rates `solved`, `generalises`, `form` and more as
        `{"rate": percent, "ci": [low, high]}`, `seconds`, `complexity`, a table by `subjects`, `versions` and `keys`.

    Raises:
        UserError: an unknown suite, player, subject or option.
        PlayerError: the player could not answer.
    """
    chosen = suites.load(suite)
    options = Options(float(noise), float(drop), starts, hint, positions_only, rows)
    items = suites.list_items(chosen, options, problems, subjects)
    if turns < 1 or workers < 1:
        raise UserError("turns and workers are at least 1")
    _find_player(player)  # an unknown name is said before anything is written
    settings = _settings(chosen, player, options, turns)
    path = None if out is None else out / f"{_slug(chosen, player, options, turns)}.jsonl"
    done = _read_rows(path, settings)
    todo = [item for item in items if item not in done]
    jobs = [(chosen, item, options, player, turns) for item in todo]
    for item, row in zip(todo, _map(jobs, workers), strict=True):
        done[item] = row
        _append_row(path, settings, row)
        if progress is not None:
            progress(sum(each in done for each in items), len(items), item.subject)
    result = summarise(chosen, settings, [done[item] for item in items])
    if path is not None:
        write_reports([result], path.with_suffix(""))
    return result


def _map(jobs: Sequence[Any], workers: int) -> Iterator[Row]:
    if workers == 1 or len(jobs) < 2:
        yield from map(_job, jobs)
        return
    import multiprocessing

    # Spawned, not forked: the compiled code's threads do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_job, jobs)


def _job(job: tuple[Suite, Item, Options, str, int]) -> Row:
    suite, item, options, player, turns = job
    return measure(suite, item, suites.pose(suite, item, options), _find_player(player), turns)


@cache
def _find_player(name: str) -> Player:
    if name in zoo.names(PEERS):
        peer: Player = zoo.load(PEERS, name).load()
        return peer
    try:
        return load_player(name, "discover")
    except UserError as fault:
        raise UserError(f"{fault}; peers for benchmarks are {', '.join(zoo.names(PEERS))}") from fault


def measure(suite: Suite, item: Item, problem: Problem, player: Player, turns: int = 1) -> Row:
    """Let the player answer, and measure its best answer against the clean truth."""
    if hasattr(player, "peek"):
        player.peek(problem)  # only the oracle, the upper end of the scale, looks at the truth
    task = DiscoverTask(max_turns=turns)
    played = list(play(task, player, problem, turns))
    best = max(played, key=lambda turn: turn.verdict.terms["match"])
    truth: Truth = problem.truth
    states = problem.observation.states
    law = parse(truth.equation, states, truth.params)
    samples = (*truth.clean, *truth.unseen)
    forms = [_has_form(law.bind(truth.params), turn.verdict.details, samples) for turn in played]
    details = best.verdict.details
    found = parse(details["equation"], states, details["params"]) if details else None
    r2 = r2_unseen = r2_third = None
    if found is not None:
        r2 = _least(suite, details, truth.clean, law)
        r2_unseen = _least(suite, details, truth.unseen, law)
        if suite.kind == "odebench" and item.index >= 0:
            r2_third = _least(suite, details, [suites.third_trajectory(odebench.find(item.subject))], law)
    solved = r2 is not None and r2 > suite.threshold
    generalises = r2_unseen is not None and r2_unseen > suite.threshold
    has_form = forms[played.index(best)]
    equivalent = (
        found is not None
        and not has_form
        and solved
        and generalises
        and form.is_equivalent_on(law.bind(truth.params), found, details["params"], samples)
    )
    return Row(
        item.subject,
        item.index,
        details["equation"] if details else "",
        dict(details["params"]) if details else {},
        r2,
        r2_unseen,
        r2_third,
        solved,
        generalises,
        has_form,
        equivalent,
        form.coefficient_error(law.bind(truth.params), found.bind(details["params"])) if found and has_form else None,
        any(forms),
        found.complexity if found else 0,
        law.complexity,
        sum(turn.seconds for turn in played),
        len(played),
        best.verdict.error,
    )


def _has_form(law: Equations, details: Mapping[str, Any], samples: Sequence[Trajectory]) -> bool:
    if not details:
        return False
    try:
        found = parse(details["equation"], law.states, details["params"])
    except Unanswerable:
        return False
    return form.same_form(law, found.bind(details["params"]), samples)


def _least(suite: Suite, answer: Mapping[str, Any], clean: Sequence[Trajectory], law: Equations) -> float | None:
    """Least R2 of an answer over clean trajectories, each simulated from its own first state; None where it breaks."""
    scores = []
    for trajectory in clean:
        solution = simulate(
            answer["equation"], law.states, answer["params"], trajectory.values[0], trajectory.t,
            rtol=RTOL, atol=ATOL, fuel=FUEL,
        )  # fmt: skip
        if solution.reason:
            return None
        scores.append(r_squared(trajectory.values, solution.values, suite.score))
    return min(scores)


def r_squared(true: np.ndarray, found: np.ndarray, score: str) -> float:
    """R2 over columns (m, n): the `mean` of the columns' own, or `weighted` by their variances.

    Weighted is `sklearn.metrics.r2_score(..., multioutput="variance_weighted")`, the rule of ODEBench. A column that
    does not move has no R2 and is left out of both.
    """
    errors = ((found - true) ** 2).sum(0)
    spreads = ((true - true.mean(0)) ** 2).sum(0)
    moves = spreads > 1e-20 * np.maximum((true**2).sum(0), 1e-300)
    if score == "weighted":
        return float(1.0 - errors[moves].sum() / spreads[moves].sum())
    return float(np.mean(1.0 - errors[moves] / spreads[moves]))


def _settings(suite: Suite, player: str, options: Options, turns: int) -> dict[str, Any]:
    """What a row depends on; rows of other settings are never mixed in."""
    chosen = asdict(options)
    if suite.kind == "odebench":
        chosen["hint"] = "anonymous"
    return {
        "suite": suite.name,
        "player": player,
        **chosen,
        "turns": turns,
        "versions": {
            "suite": suite.version,
            "bench": VERSION,
            "rewards": rewards.TABLE.version,
            "text": text.VERSION,
            "gedanken": gedanken.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
    }


def _slug(suite: Suite, player: str, options: Options, turns: int) -> str:
    parts = [suite.name, "".join(c if c.isalnum() or c in "-." else "_" for c in player), f"noise{options.noise:g}"]
    parts += [f"drop{options.drop:g}"] if options.drop else []
    parts += [options.starts] if options.starts != "first" else []
    parts += [options.hint] if options.hint != "full" else []
    parts += ["positions"] if options.positions_only else []
    parts += [f"rows{options.rows}"] if options.rows else []
    parts += [f"turns{turns}"] if turns > 1 else []
    return "-".join(parts)


def _read_rows(path: Path | None, settings: Mapping[str, Any]) -> dict[Item, Row]:
    """The rows that an earlier run finished; a last line that was cut off is dropped from the file."""
    if path is None or not path.exists():
        return {}
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        path.write_bytes(whole)
    lines = whole.splitlines()
    if not lines:
        return {}
    if orjson.loads(lines[0]) != settings:
        raise UserError(f"{path} holds rows of another version or of other settings; move it away to start afresh")
    rows = [Row(**orjson.loads(line)) for line in lines[1:]]
    return {Item(row.subject, row.index): row for row in rows}


def _append_row(path: Path | None, settings: Mapping[str, Any], row: Row) -> None:
    if path is None:
        return
    new = not path.exists() or path.stat().st_size == 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if new:
            file.write(orjson.dumps(settings) + b"\n")
        file.write(orjson.dumps(asdict(row)) + b"\n")


def summarise(suite: Suite, settings: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """The result object of `run`, from its rows."""
    clustered = settings["starts"] == "each"  # two starts of one system rise and fall together
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.subject if clustered else (row.subject, row.index), []).append(row)

    def rate(judge: Callable[[Row], bool], of: Sequence[Sequence[Row]] = tuple(groups.values())) -> dict[str, Any]:
        return summarise_rate([[judge(row) for row in group] for group in of])

    seconds = [row.seconds for row in rows]
    result: dict[str, Any] = {
        **settings,
        "n": len(rows),
        "solved": rate(lambda row: row.solved),
        "generalises": rate(lambda row: row.generalises),
        "form": rate(lambda row: row.form),
        "form_or_equivalent": rate(lambda row: row.form or row.equivalent),
        "failed": rate(lambda row: row.r2 is None),
        "r2": {"mean_clipped": _mean([min(max(row.r2 or 0.0, 0.0), 1.0) for row in rows])},
        "r2_unseen": {"mean_clipped": _mean([min(max(row.r2_unseen or 0.0, 0.0), 1.0) for row in rows])},
        "complexity": {
            "median_ratio": _median([row.complexity / row.true_complexity for row in rows if row.complexity])
        },
        "coefficient_error": {
            "median": _median([row.coefficient_error for row in rows if row.coefficient_error is not None])
        },
        "seconds": {"median": _median(seconds), "mean": _mean(seconds), "max": round(max(seconds, default=0.0), 3)},
    }
    if settings["turns"] > 1:
        result["form_any_turn"] = rate(lambda row: row.form_any)
        result["mean_turns"] = _mean([row.turns for row in rows])
    if suite.kind == "odebench" and settings["starts"] != "joint":
        result["third_start"] = rate(lambda row: row.r2_third is not None and row.r2_third > suite.threshold)
    printed = [row for row in suite.printed if (row["noise"], row["drop"]) == (settings["noise"], settings["drop"])]
    if printed:
        result["as_printed_not_rerun"] = printed
    by_subject: dict[str, list[Row]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, []).append(row)
    result["subjects"] = {
        subject: {
            "n": len(group),
            **{
                name: round(100 * _mean([getattr(row, name) for row in group]), 1)
                for name in ("solved", "generalises", "form")
            },
            "seconds": _median([row.seconds for row in group]),
        }
        for subject, group in by_subject.items()
    }
    result["keys"] = [f"{row.subject}/{row.index}" for row in rows]
    result["date"] = time.strftime("%Y-%m-%d")
    return result


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if len(values) else 0.0


def _median(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 4) if len(values) else 0.0
