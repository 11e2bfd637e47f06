"""`gedanken bench predict`: rollouts on frozen suites, coverage first, every number beside the extrapolations."""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import orjson

import gedanken
from gedanken.errors import UserError
from gedanken.loop import Key, Player
from gedanken.players import load_player
from gedanken.seeding import stream
from gedanken.statistics import RESAMPLES
from gedanken.tasks.predict.extrapolation import EXTRAPOLATIONS
from gedanken.tasks.predict.rewards import POSITION_FLOOR, VELOCITY_FLOOR
from gedanken.tasks.predict.task import PredictTask, contact_bodies
from gedanken.worlds.rigid import scenarios, text
from gedanken.worlds.rigid.engine.invariants import measure
from gedanken.worlds.rigid.engine.simulate import FRAMES, Recording, memoryless, record
from gedanken.worlds.rigid.scene.geometry import Array

# Named by the rule of this file that changed last; results record it.
VERSION = "predict-bench-1"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Suite:
    """What a suite's file says.

    Attributes:
        name: its name.
        version: raised whenever a problem or a rule changes; numbers of different versions are not compared.
        about: one sentence.
        scenarios: names, or `seen` or `all`.
        levels: levels of each scenario.
        scenes: scenes of each scenario and level, from the test split.
        horizons: frames ahead at which errors are measured. Longer ones follow one rollout from the start of the
            recording; 1 is measured with true context at `steps` frames along it.
        context: frames shown.
        steps: how many one-step predictions a scene.
        exact: simulate without memory.
    """

    name: str
    version: int
    about: str
    scenarios: tuple[str, ...]
    levels: tuple[int, ...]
    scenes: int
    horizons: tuple[int, ...]
    context: int
    steps: int = 12
    exact: bool = False


@dataclass(frozen=True)
class Item:
    """One scene of a suite."""

    scenario: str
    level: int
    index: int


@dataclass(frozen=True)
class Row:
    """What became of one scene in the hands of one player.

    Attributes:
        player: who predicted.
        scenario: which scenario.
        level: its level.
        index: which scene.
        horizons: frames ahead.
        answered: share of the bodies answered up to that frame, one for each horizon.
        position: position error of each body in px, a list for each horizon.
        velocity: velocity error of each body in px/s, a list for each horizon.
        contact: which bodies free flight gets wrong at that frame, a list for each horizon.
        energy: error of the total energy over the largest true one, one for each horizon.
    """

    player: str
    scenario: str
    level: int
    index: int
    horizons: list[int]
    answered: list[float]
    position: list[list[float]]
    velocity: list[list[float]]
    contact: list[list[bool]]
    energy: list[float]


def load_suite(name: str) -> Suite:
    """A suite of the package by name, or one's own by the path of its TOML file.

    Raises:
        UserError: there is none, or its file cannot be used.
    """
    folder = files("gedanken.bench.suites.predict")
    known = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise UserError(f"there is no suite file {name}")
        content = Path(name).read_text(encoding="utf-8")
    elif name in known:
        content = folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")
    else:
        raise UserError(f"there is no suite {name!r}; there are {', '.join(known)}, or the path of a .toml file")
    try:
        data = tomllib.loads(content)
        if data.get("scenarios") in ("seen", "all"):
            everything = data["scenarios"] == "all"
            data["scenarios"] = [x for x in scenarios.names() if everything or x not in scenarios.HELD_OUT]
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
        }
        suite = Suite(**fields)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise UserError(f"the suite {name} cannot be used: {error}") from error
    if max(suite.horizons) + suite.context > FRAMES + 1:
        raise UserError(f"the suite {name} looks further ahead than the {FRAMES} frames of a recording")
    return suite


def run(
    suite: str,
    players: Sequence[str],
    *,
    scenarios: Sequence[str] | None = None,
    scenes: int | None = None,
    horizons: Sequence[int] | None = None,
    format: str = "v1",
    workers: int = 1,
    out: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Let players continue the scenes of a suite, on their own frames.

    The three extrapolations always run along: skill is measured against the best of them.

    Args:
        suite: a suite's name, or the path of a TOML file.
        players: baselines of the task or models (`openai:MODEL`).
        scenarios: only these.
        scenes: scenes of each scenario and level, instead of the suite's own number.
        horizons: instead of the suite's own; a language model may not want to write 190 frames.
        format: text format of prompts and answers.
        workers: processes.
        out: folder for the rows, as they are done, and for the results. A run that was cut off goes on from there.
        progress: called with (done, total, what).

    Returns:
        JSON-able: `suite`, `rows` (player, scenario, horizon, coverage, position_rmse, position_p95, velocity_rmse,
        velocity_p95, skill, n and 95 % intervals; scenario `all` sums up), `versions`.

    Raises:
        UserError: an unknown suite, player, scenario or option.
        PlayerError: a player could not answer.
    """
    chosen = load_suite(suite)
    unknown = set(scenarios or ()) - set(chosen.scenarios)
    if unknown:
        raise UserError(f"{', '.join(sorted(unknown))} is not in the suite {chosen.name}")
    ahead = tuple(sorted(set(horizons or chosen.horizons)))
    if not ahead or ahead[0] < 1 or ahead[-1] + chosen.context > FRAMES + 1:
        raise UserError(f"horizons must lie between 1 and {FRAMES + 1 - chosen.context}")
    if (scenes is not None and scenes < 1) or workers < 1:
        raise UserError("scenes and workers are at least 1")
    names = list(dict.fromkeys([*EXTRAPOLATIONS, *players]))
    for name in names:
        load_player(name, "predict")
    items = [
        Item(scenario, level, index)
        for scenario in chosen.scenarios
        if not scenarios or scenario in scenarios
        for level in chosen.levels
        for index in range(chosen.scenes if scenes is None else scenes)
    ]
    settings = {
        "suite": chosen.name,
        "suite_version": chosen.version,
        "horizons": list(ahead),
        "context": chosen.context,
        "format": format,
        "exact": chosen.exact,
        "bench": VERSION,
        "gedanken": gedanken.__version__,
    }
    path = None if out is None else out / f"predict-{chosen.name}-{format}.jsonl"
    done = _read_rows(path, settings)
    jobs = [
        (chosen, ahead, format, name, item)
        for name in names
        for item in items
        if (name, item.scenario, item.level, item.index) not in done
    ]
    total = len(names) * len(items)
    for row in _map(jobs, workers):
        done[row.player, row.scenario, row.level, row.index] = row
        _append_row(path, settings, row)
        if progress is not None:
            progress(len(done), total, f"{row.player}, {row.scenario}")
    rows = [done[name, item.scenario, item.level, item.index] for name in names for item in items]
    result = {**settings, "n": len(items), "players": names, "rows": summarise(rows, ahead)}
    if path is not None:
        path.with_suffix(".json").write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")
        path.with_suffix(".md").write_text(render_markdown(result) + "\n", encoding="utf-8")
    return result


def _map(jobs: Sequence[Any], workers: int) -> Iterator[Row]:
    if workers == 1 or len(jobs) < 2:
        yield from map(_job, jobs)
        return
    import multiprocessing

    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_job, jobs)


def _job(job: tuple[Suite, tuple[int, ...], str, str, Item]) -> Row:
    suite, horizons, format, name, item = job
    player = load_player(name, "predict")
    scene = scenarios.pose(item.scenario, item.level, split="test", index=item.index)
    labels = "pushed" if suite.exact else text.load(format).LABELS
    recording = record(memoryless(scene) if suite.exact else scene, labels=labels)
    parts = []
    if 1 in horizons:
        steps = np.linspace(suite.context, FRAMES, suite.steps).round().astype(int)
        parts.append(_join([_follow(recording, player, int(first), suite.context, (1,), format) for first in steps]))
    ahead = tuple(horizon for horizon in horizons if horizon > 1)
    if ahead:
        parts.append(_follow(recording, player, suite.context, suite.context, ahead, format))
    return Row(
        player=name,
        scenario=item.scenario,
        level=item.level,
        index=item.index,
        horizons=list(horizons),
        answered=[x for part in parts for x in part[0]],
        position=[x for part in parts for x in part[1]],
        velocity=[x for part in parts for x in part[2]],
        contact=[x for part in parts for x in part[3]],
        energy=[x for part in parts for x in part[4]],
    )


# Of each horizon: share answered, position and velocity error of each body, which are in contact, energy error.
_Measures = tuple[list[float], list[list[float]], list[list[float]], list[list[bool]], list[float]]


def _follow(
    recording: Recording, player: Player, first: int, context: int, horizons: tuple[int, ...], format: str
) -> _Measures:
    """Let a player continue from frame `first` on its own frames, and measure it at the horizons."""
    task = PredictTask()
    key = Key(recording.scene.name, options={"at": first})
    problem = task.pose_recording(recording, key, first, context, horizons[-1], format)
    rolled = list(task.roll_out(problem, player, horizons[-1]))
    predicted = np.array([state for state, _ in rolled])
    answered = np.array([np.mean(reading.answered) for _, reading in rolled])
    true: Array = problem.truth.frames
    scene = recording.scene
    kinematic = np.array([body.kinematic for body in scene.bodies])
    contact = contact_bodies(recording.states[first - 1 : first + horizons[-1]], scene.gravity, kinematic)
    # A prediction far off the canvas is wrong by that much; the bound only keeps sums finite. What a format does not
    # say (NaN) is no error.
    off = np.clip(np.nan_to_num(predicted - true, nan=0.0), -1e5, 1e5)
    position = np.linalg.norm(off[:, :, 0:2], axis=2)
    velocity = np.linalg.norm(off[:, :, 2:4], axis=2)
    energy, true_energy = (
        measure(Recording(scene, np.clip(np.nan_to_num(states), -1e5, 1e5)))["energy"] for states in (predicted, true)
    )
    scale = float(np.abs(true_energy).max()) or 1.0
    at = [horizon - 1 for horizon in horizons]
    return (
        [float(answered[: k + 1].mean()) for k in at],
        [[round(float(x), 5) for x in position[k]] for k in at],
        [[round(float(x), 4) for x in velocity[k]] for k in at],
        [contact[k].tolist() for k in at],
        [float(abs(energy[k] - true_energy[k]) / scale) for k in at],
    )


def _join(measured: Sequence[_Measures]) -> _Measures:
    """Several one-step measures as one: bodies of all steps side by side."""
    answered, position, velocity, contact, energy = zip(*measured, strict=True)
    return (
        [float(np.mean(answered))],
        [[x for (errors,) in position for x in errors]],
        [[x for (errors,) in velocity for x in errors]],
        [[x for (flags,) in contact for x in flags]],
        [float(np.median(energy))],
    )


def summarise(rows: Sequence[Row], horizons: Sequence[int]) -> list[dict[str, Any]]:
    """One line a player, scenario and horizon; scenario `all` pools the suite, which weighs bodies alike."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.player, row.scenario].append(row)
        groups[row.player, "all"].append(row)
    lines = []
    for (player, scenario), members in groups.items():
        rivals = [groups[name, scenario] for name in EXTRAPOLATIONS]
        for k, horizon in enumerate(horizons):
            lines.append(_line(player, scenario, horizon, members, rivals, k))
    return lines


def _line(
    player: str, scenario: str, horizon: int, members: Sequence[Row], rivals: Sequence[Sequence[Row]], k: int
) -> dict[str, Any]:
    position, velocity = _pooled(members, k)
    touching = np.concatenate([np.array(row.contact[k], bool) for row in members])
    skill, skill_ci, position_ci, velocity_ci = _intervals(members, rivals, k)
    return {
        "player": player,
        "scenario": scenario,
        "horizon": horizon,
        "coverage": float(np.mean([row.answered[k] for row in members])),
        "position_rmse": _rms(position),
        "position_rmse_ci": position_ci,
        "position_p50": float(np.median(position)),
        "position_p95": float(np.quantile(position, 0.95)),
        "velocity_rmse": _rms(velocity),
        "velocity_rmse_ci": velocity_ci,
        "velocity_p50": float(np.median(velocity)),
        "velocity_p95": float(np.quantile(velocity, 0.95)),
        "contact": {
            "bodies": int(touching.sum()),
            "position_rmse": _rms(position[touching]) if touching.any() else None,
            "velocity_rmse": _rms(velocity[touching]) if touching.any() else None,
        },
        "energy_error": float(np.median([row.energy[k] for row in members])),
        "skill": skill,
        "skill_ci": skill_ci,
        "n": len(members),
        "bodies": len(position),
    }


def _pooled(rows: Sequence[Row], k: int) -> tuple[Array, Array]:
    return (
        np.concatenate([np.array(row.position[k]) for row in rows]),
        np.concatenate([np.array(row.velocity[k]) for row in rows]),
    )


def _rms(errors: Array) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


def _squares(rows: Sequence[Row], k: int) -> Array:
    """Sums over bodies of the squared position and velocity errors and of 1, shape (scenes, 3)."""
    return np.array(
        [[np.square(row.position[k]).sum(), np.square(row.velocity[k]).sum(), len(row.position[k])] for row in rows]
    )


def _skill(mine: Array, rivals: Array) -> Array:
    """Skill over the best extrapolation from sums as `_squares` gives them, shapes (..., 3) and (rivals, ..., 3).

    Mean of the skills in position and velocity; where the best extrapolation is as exact as one printed frame allows,
    there is no skill to be had and that half is left out.
    """
    rms, bars = (np.sqrt(sums[..., :2] / sums[..., 2:]) for sums in (mine, rivals))
    bar = bars.min(0)
    floor = np.array([POSITION_FLOOR, VELOCITY_FLOOR])
    room = bar > floor
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.clip(1.0 - np.maximum(rms - floor, 0.0) / (bar - floor), 0.0, 1.0)
    counted = room.sum(-1)
    return np.where(counted > 0, np.where(room, gain, 0.0).sum(-1) / np.maximum(counted, 1), 0.0)


def _intervals(
    members: Sequence[Row], rivals: Sequence[Sequence[Row]], k: int
) -> tuple[float, list[float], list[float], list[float]]:
    """Skill, and 95 % intervals of skill and both RMSEs by resampling scenes (paired with the rivals')."""
    mine = _squares(members, k)
    theirs = np.array([_squares(rows, k) for rows in rivals])
    point = float(_skill(mine.sum(0), theirs.sum(1)))
    rng = stream("bench", "predict", "bootstrap", len(members))
    picked = rng.integers(len(members), size=(RESAMPLES, len(members)))
    sums = mine[picked].sum(1)
    skills = _skill(sums, theirs[:, picked].sum(2))
    rms = np.sqrt(sums[:, :2] / sums[:, 2:])
    low_high = [[float(x) for x in np.quantile(values, [0.025, 0.975])] for values in (skills, rms[:, 0], rms[:, 1])]
    return point, low_high[0], low_high[1], low_high[2]


def _read_rows(path: Path | None, settings: dict[str, Any]) -> dict[tuple[str, str, int, int], Row]:
    """The rows that an earlier run left in `path`."""
    if path is None or not path.is_file():
        return {}
    lines = path.read_bytes().splitlines()
    if not lines or orjson.loads(lines[0]) != settings:
        raise UserError(f"{path} holds rows of another run (other versions or options); choose another --out")
    rows = {}
    for line in lines[1:]:
        try:
            row = Row(**orjson.loads(line))
        except (orjson.JSONDecodeError, TypeError):
            continue  # the line that a kill cut short is measured again
        rows[row.player, row.scenario, row.level, row.index] = row
    return rows


def _append_row(path: Path | None, settings: dict[str, Any], row: Row) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    head = b"" if path.exists() else orjson.dumps(settings) + b"\n"
    with path.open("ab") as file:
        file.write(head + orjson.dumps(asdict(row)) + b"\n")


def render_markdown(result: dict[str, Any]) -> str:
    """Tables by horizon: the whole suite, each category, then each scenario."""
    about = f"version {result['suite_version']}, {result['n']} scenes, format {result['format']}"
    lines = [f"## {result['suite']} ({about})", ""]
    columns = "player, coverage, position RMSE px, p50, p95, velocity RMSE px/s, p95, contact v RMSE, energy, skill"
    head = f"| {columns.replace(', ', ' | ')} |"
    for horizon in result["horizons"]:
        lines += [f"### {horizon} frame{'s' if horizon > 1 else ''} ahead", "", head, "|" + "---|" * 10]
        for row in result["rows"]:
            if row["scenario"] == "all" and row["horizon"] == horizon:
                lines.append(_cells(row))
        lines.append("")
    lines += [
        "RMSE with its 95 % interval (scenes resampled); skill over the best extrapolation, 0 for it and 1 for the "
        "recording; contact: bodies that free flight gets wrong; energy: median error of the total energy over the "
        "largest true one.",
        "",
        f"### By scenario, horizon {result['horizons'][0]}",
        "",
        "| scenario | category | player | coverage | position p95 px | velocity RMSE px/s | skill |",
        "|" + "---|" * 7,
    ]
    for row in sorted(result["rows"], key=lambda row: row["scenario"]):
        if row["scenario"] != "all" and row["horizon"] == result["horizons"][0]:
            place = f"| {row['scenario']} | {scenarios.category(row['scenario'])} | {row['player']} "
            errors = f"| {row['coverage']:.2f} | {row['position_p95']:.4f} | {row['velocity_rmse']:.3f} "
            lines.append(f"{place}{errors}| {row['skill']:.3f} |")
    return "\n".join(lines)


def _cells(row: dict[str, Any]) -> str:
    def interval(name: str, digits: int) -> str:
        low, high = row[f"{name}_ci"]
        return f"{row[name]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"

    contact = row["contact"]["velocity_rmse"]
    return (
        f"| {row['player']} | {row['coverage']:.3f} | {interval('position_rmse', 3)} | {row['position_p50']:.4f} | "
        f"{row['position_p95']:.3f} | {interval('velocity_rmse', 2)} | {row['velocity_p95']:.2f} | "
        f"{'-' if contact is None else format(contact, '.2f')} | {row['energy_error']:.2g} | {interval('skill', 3)} |"
    )
