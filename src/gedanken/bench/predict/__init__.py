"""`gedanken bench predict`: rollouts on frozen suites, coverage first, every number beside the extrapolations."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

import gedanken
from gedanken.bench.predict.report import render_markdown, summarise
from gedanken.bench.predict.rows import Row, measure
from gedanken.bench.predict.suite import Item, Suite, list_items, load
from gedanken.bench.runner import Progress, collect, describe_missing, explain_missing
from gedanken.errors import PlayerError, UserError
from gedanken.files import write_atomically
from gedanken.players import load_player, name_served, share_options
from gedanken.spread import Crew
from gedanken.tasks.predict.extrapolation import STANDARD
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.engine.simulate import FRAMES

__all__ = ["Row", "measure", "play_sample", "render_markdown", "run"]

BOOKED = ("free", "warm", "each_alone", "each_alone_rounds")
"""Players that a model of contacts has to beat: no impulse, the last ones, each contact for itself, that in rounds."""

# Named by the rule of this benchmark that changed last; results record it.
VERSION = "predict-bench-1"


def run(
    suite: str,
    players: Sequence[str],
    *,
    scenarios: Sequence[str] | None = None,
    scenes: int | None = None,
    horizons: Sequence[int] | None = None,
    format: str = "v1",
    workers: Crew = 1,
    out: Path | None = None,
    progress: Progress | None = None,
    player_options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Let players continue the scenes of a suite, on their own frames.

    A scene that a player could not continue at all (its endpoint failed) is left out, never counted as wrong; with
    `out`, the next run asks for it again.

    The three extrapolations always run along: skill is measured against the best of them. So do the players that are
    given the geometry of contacts and have no model (`BOOKED`), where the format tells the scene.

    Args:
        suite: a suite's name, or the path of a TOML file.
        players: baselines of the task or models (`openai:MODEL`).
        scenarios: only these.
        scenes: scenes of each scenario and level, instead of the suite's own number.
        horizons: instead of the suite's own; a language model may not want to write 190 frames.
        format: text format of prompts and answers.
        workers: processes, or a cluster.
        out: folder for the rows, as they are done, and for the results. A run that was cut off goes on from there.
        progress: called with (done, total, what).
        player_options: options of the players that take them (`base_url`, `api_key`, ...). A URL is part of the name
            of its players in the result; a key is written nowhere.

    Returns:
        JSON-able: `suite`, `given` (what is worked out for a player besides the frames),
        `rows` (player, scenario, horizon, coverage, position_rmse, position_p95, velocity_rmse,
        velocity_p95, skill, n and 95 % intervals; scenario `all` sums up), `versions`, and `missing` where there are
        scenes that a player could not continue.

    Raises:
        UserError: an unknown suite, player, scenario or option.
    """
    chosen = load(suite)
    ahead = tuple(sorted(set(horizons or chosen.horizons)))
    if not ahead or ahead[0] < 1 or ahead[-1] + chosen.context > FRAMES + 1:
        raise UserError(f"horizons must lie between 1 and {FRAMES + 1 - chosen.context}")
    if (scenes is not None and scenes < 1) or (isinstance(workers, int) and workers < 1):
        raise UserError("scenes and workers are at least 1")
    items = list_items(chosen, scenes, scenarios)
    names = list(dict.fromkeys([*STANDARD, *(BOOKED if tells_scene(format) else ()), *players]))
    given = share_options(names, "predict", **(player_options or {}))
    labels = {name: name_served(name, given[name]) for name in names}
    worked_out = {}
    for name in names:
        # An unknown name is said before anything is written.
        player = load_player(name, "predict", **given[name])
        if hasattr(player, "given"):
            worked_out[labels[name]] = player.given
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
    failures: dict[tuple[str, Item], str] = {}
    rows = collect(
        {
            (labels[name], item): (chosen, item, name, given[name], labels[name], ahead, format)
            for name in names
            for item in items
        },
        _measure,
        form=Row,
        key=lambda row: (row.player, Item(row.scenario, row.level, row.index)),
        settings=settings,
        path=path,
        workers=workers,
        progress=progress,
        note=lambda row: f"{row.player}, {row.scenario}",
        on_failure=failures.__setitem__,
        player=lambda key: key[0],
    )
    missing = []
    for label in labels.values():
        of_player = {item: reason for (player, item), reason in failures.items() if player == label}
        missing += [describe_missing(label, of_player, len(items))] if of_player else []
    result = {**settings, "n": len(items), "players": list(labels.values()), "rows": summarise(rows, ahead)}
    if worked_out:
        result["given"] = worked_out
    if missing:
        result["missing"] = missing
    if path is not None:
        write_atomically(path.with_suffix(".json"), orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")
        write_atomically(path.with_suffix(".md"), (render_markdown(result) + "\n").encode())
    return result


def play_sample(player: str, suite: str, problems: int, conditions: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """A trained model on some scenes of a suite, one frame ahead, beside the extrapolations.

    Raises:
        PlayerError: the player could not answer a problem.
    """
    format = str(conditions.get("format", "v1"))
    result = run(suite, [player], scenes=problems, horizons=(1,), format=format, out=out)
    if "missing" in result:
        raise PlayerError(explain_missing(result["missing"], resumable=True))
    kept = ("coverage", "velocity_rmse", "velocity_rmse_ci", "skill", "skill_ci")
    players = {
        "this model" if row["player"] == player else row["player"]: {key: row[key] for key in kept}
        for row in result["rows"]
        if row["scenario"] == "all"
    }
    return {"n": result["n"], "players": players}


def tells_scene(format: str) -> bool:
    """Whether a text format's header is the scene itself."""
    return "scene" in text.load(format).Header.__annotations__


def _measure(job: tuple[Suite, Item, str, Mapping[str, Any], str, tuple[int, ...], str]) -> Row:
    suite, item, name, options, label, horizons, format = job
    # A script begins anew at each scene, so that a row does not depend on those before it.
    player = load_player(name, "predict", {"loop": True}, **options)
    return measure(suite, item, player, label, horizons, format)
