"""Results of `predict`: errors, skill and their intervals from the rows, and as Markdown tables."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from gedanken.bench.predict.rows import Row
from gedanken.markdown import table
from gedanken.seeding import stream
from gedanken.statistics import bootstrap
from gedanken.tasks.predict.extrapolation import STANDARD
from gedanken.tasks.predict.rewards import POSITION_FLOOR, VELOCITY_FLOOR
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.scene.geometry import Array


def summarise(rows: Sequence[Row], horizons: Sequence[int]) -> list[dict[str, Any]]:
    """One line for each player, scenario and horizon. Scenario `all` pools the bodies of the whole suite."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.player, row.scenario].append(row)
        groups[row.player, "all"].append(row)
    lines = []
    for (player, scenario), members in groups.items():
        # The same scenes: a player may lack some that it could not answer.
        scenes = {_scene(row) for row in members}
        rivals = [[row for row in groups[name, scenario] if _scene(row) in scenes] for name in STANDARD]
        for k, horizon in enumerate(horizons):
            lines.append(_line(player, scenario, horizon, members, rivals, k))
    return lines


def _scene(row: Row) -> tuple[str, int, int]:
    return row.scenario, row.level, row.index


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


def _sums(rows: Sequence[Row], k: int) -> Array:
    """Of each scene: sums over bodies of the squared position and velocity errors and of 1, shape (3, scenes)."""
    return np.array(
        [[np.square(row.position[k]).sum(), np.square(row.velocity[k]).sum(), len(row.position[k])] for row in rows]
    ).T


def _skill(own: Array, rivals: Array) -> Array:
    """Skill over the best extrapolation, from sums as `_sums` gives them, shapes (3, ...) and (rivals, 3, ...).

    Mean of the skills in position and velocity; where the best extrapolation is as exact as one printed frame allows,
    there is no skill to be had and that half is left out.
    """
    rms, bar = _root_means(own), np.min([_root_means(sums) for sums in rivals], axis=0)
    floor = np.array([POSITION_FLOOR, VELOCITY_FLOOR]).reshape(2, *[1] * (bar.ndim - 1))
    room = bar > floor
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.clip(1.0 - np.maximum(rms - floor, 0.0) / (bar - floor), 0.0, 1.0)
    counted = room.sum(0)
    return np.where(counted > 0, np.where(room, gain, 0.0).sum(0) / np.maximum(counted, 1), 0.0)


def _root_means(sums: Array) -> Array:
    """RMSE of position and velocity from sums, shapes (2, ...) and (3, ...)."""
    means: Array = np.sqrt(sums[:2] / sums[2:])
    return means


def _intervals(
    members: Sequence[Row], rivals: Sequence[Sequence[Row]], k: int
) -> tuple[float, list[float], list[float], list[float]]:
    """Skill, and 95 % intervals of skill and both RMSEs by resampling scenes (paired with the rivals')."""

    def measures(sums: Array, axis: int) -> Array:
        """Skill, position RMSE and velocity RMSE from the sums of player and rivals, shape (1 + rivals, 3, ...)."""
        own, *others = sums.sum(axis)
        return np.stack([_skill(own, np.array(others)), *_root_means(own)])

    sums = np.array([_sums(rows, k) for rows in (members, *rivals)])
    rng = stream("bench", "predict", "bootstrap", len(members))
    ends = np.transpose(bootstrap(measures, sums, rng=rng)).tolist()
    return float(measures(sums, axis=-1)[0]), *ends


def render_markdown(result: dict[str, Any]) -> str:
    """A table of the whole suite for each horizon, and one of each scenario at the first horizon."""
    about = f"version {result['suite_version']}, {result['n']} scenes, format {result['format']}"
    lines = [f"## {result['suite']} ({about})", ""]
    columns = "player, coverage, position RMSE px, p50, p95, velocity RMSE px/s, p95, contact v RMSE, energy, skill"
    for horizon in result["horizons"]:
        rows = [_cells(row) for row in result["rows"] if row["scenario"] == "all" and row["horizon"] == horizon]
        lines += [f"### {horizon} frame{'s' if horizon > 1 else ''} ahead", "", *table(columns.split(", "), rows), ""]
    rows = [
        [
            row["scenario"],
            scenarios.category(row["scenario"]),
            row["player"],
            f"{row['coverage']:.2f}",
            f"{row['position_p95']:.4f}",
            f"{row['velocity_rmse']:.3f}",
            f"{row['skill']:.3f}",
        ]
        for row in sorted(result["rows"], key=lambda row: row["scenario"])
        if row["scenario"] != "all" and row["horizon"] == result["horizons"][0]
    ]
    lines += [
        "RMSE with its 95 % interval (scenes resampled); skill over the best extrapolation, 0 for it and 1 for the "
        "recording; contact: bodies that free flight gets wrong; energy: median error of the total energy over the "
        "largest true one.",
        "",
        *given_lines(result.get("given", {})),
        *(
            f"**{each['problems']} of {each['of']} scenes are missing**: {each['player']} could not answer "
            f"({each['reason']}).\n"
            for each in result.get("missing", ())
        ),
        f"### By scenario, horizon {result['horizons'][0]}",
        "",
        *table(["scenario", "category", "player", "coverage", "position p95 px", "velocity RMSE px/s", "skill"], rows),
    ]
    return "\n".join(lines)


def given_lines(given: dict[str, str]) -> list[str]:
    """A sentence for all players that something is worked out for, and an empty line."""
    groups: dict[str, list[str]] = defaultdict(list)
    for player, what in given.items():
        groups[what].append(player)
    return [line for what, names in groups.items() for line in (f"Given to {', '.join(names)}: {what}.", "")]


def _cells(row: dict[str, Any]) -> list[str]:
    def interval(name: str, digits: int) -> str:
        low, high = row[f"{name}_ci"]
        return f"{row[name]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"

    contact = row["contact"]["velocity_rmse"]
    return [
        row["player"],
        f"{row['coverage']:.3f}",
        interval("position_rmse", 3),
        f"{row['position_p50']:.4f}",
        f"{row['position_p95']:.3f}",
        interval("velocity_rmse", 2),
        f"{row['velocity_p95']:.2f}",
        "-" if contact is None else f"{contact:.2f}",
        f"{row['energy_error']:.2g}",
        interval("skill", 3),
    ]
