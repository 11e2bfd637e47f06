"""`gedanken bench discover`: play a suite, measure every answer against the clean truth, summarise with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gedanken import zoo
from gedanken.bench.discover.report import render_markdown, summarise, write_reports
from gedanken.bench.discover.rows import Row, measure
from gedanken.bench.discover.suite import Item, Options, Suite, list_items, load, pose
from gedanken.bench.runner import Progress, collect, describe_missing, explain_missing
from gedanken.errors import PlayerError, UserError
from gedanken.loop import Player
from gedanken.players import load_player, name_served, share_options
from gedanken.spread import Crew
from gedanken.tasks.discover import rewards
from gedanken.versions import versions
from gedanken.worlds.ode import text

__all__ = ["Row", "measure", "play_sample", "render_markdown", "run", "write_reports"]

PEERS = "gedanken.bench.peers"
# Named by the rule of this benchmark that changed last; results record it.
VERSION = "discover-bench-1"


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
    workers: Crew = 1,
    out: Path | None = None,
    progress: Progress | None = None,
    player_options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Play a suite with one player.

    A problem that the player could not answer at all (its endpoint failed) is left out, never counted as wrong; with
    `out`, the next run asks for it again.

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
        workers: processes, or a cluster.
        out: folder for the rows, as they are done, and for the results. A run that was cut off goes on from there.
        progress: called with (done, total, subject).
        player_options: options of the player (`base_url`, `api_key`, ...). Its URL is part of its name in the result;
            a key is written nowhere.

    Returns:
        JSON-able: `suite`, `player`, `noise`, `n`, the rates `solved`, `generalises`, `form` and more as
        `{"rate": percent, "ci": [low, high]}`, `seconds`, `complexity`, a table by `subjects`, `versions`, `keys`,
        and `missing` where there are problems that the player could not answer.

    Raises:
        UserError: an unknown suite, player, subject or option.
        PlayerError: the player could answer no problem at all.
    """
    chosen = load(suite)
    options = Options(float(noise), float(drop), starts, hint, positions_only, rows)
    items = list_items(chosen, options, problems, subjects)
    if turns < 1 or (isinstance(workers, int) and workers < 1):
        raise UserError("turns and workers are at least 1")
    given = dict(player_options or {})
    _find_player(player, given)  # an unknown name is said before anything is written
    label = name_served(player, given)
    settings = _settings(chosen, label, options, turns)
    path = None if out is None else out / f"{_slug(chosen, label, options, turns)}.jsonl"
    jobs = {item: (chosen, item, options, player, given, turns) for item in items}
    failures: dict[Item, str] = {}
    done = collect(
        jobs,
        _measure,
        form=Row,
        key=lambda row: Item(row.subject, row.index),
        settings=settings,
        path=path,
        workers=workers,
        progress=progress,
        note=lambda row: row.subject,
        on_failure=failures.__setitem__,
    )
    if not done:
        raise PlayerError(f"{label} could answer none of {len(items)} problems: {next(iter(failures.values()))}")
    result = summarise(chosen, settings, done)
    if failures:
        result["missing"] = describe_missing(label, failures, len(items))
    if path is not None:
        write_reports([result], path.with_suffix(""))
    return result


def play_sample(player: str, suite: str, problems: int, conditions: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """A trained model on some problems of a suite, under the conditions that it was trained on; its rates.

    Raises:
        PlayerError: the player could not answer a problem.
    """
    noise, rows = float(conditions.get("noise", 0.05)), conditions.get("rows")
    result = run(suite, player, noise=noise, rows=rows, problems=problems, out=out)
    if "missing" in result:
        raise PlayerError(explain_missing([result["missing"]], resumable=True))
    return {name: result[name] for name in ("n", "solved", "generalises", "form")}


def share_player_options(players: Sequence[str], **options: Any) -> dict[str, dict[str, Any]]:
    """Of options given for several players at once, those that each takes; a peer takes none.

    Raises:
        UserError: no such player, or no player takes an option.
    """
    models = [name for name in players if name not in zoo.names(PEERS)]
    return {name: {} for name in players} | share_options(models, "discover", **options)


def _measure(job: tuple[Suite, Item, Options, str, Mapping[str, Any], int]) -> Row:
    suite, item, options, player, given, turns = job
    return measure(suite, item, pose(suite, item, options), _find_player(player, given), turns)


def _find_player(name: str, options: Mapping[str, Any]) -> Player:
    """A player for one problem. A script begins anew at each, so that a row does not depend on those before it."""
    if name in zoo.names(PEERS):
        peer: Player = zoo.load(PEERS, name).load()
        return peer
    try:
        return load_player(name, "discover", {"loop": True}, **options)
    except UserError as fault:
        raise UserError(f"{fault}; peers for benchmarks are {', '.join(zoo.names(PEERS))}") from fault


def _settings(suite: Suite, player: str, options: Options, turns: int) -> dict[str, Any]:
    """What a row depends on; rows of other settings are never mixed in."""
    chosen = asdict(options)
    if suite.kind != "zoo":
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
            **versions("gedanken", "python", "numpy"),
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
