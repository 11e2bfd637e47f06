"""`gedanken discover`: from a record, your own or a seeded one, to a law that the simulator has verified."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli._options import (
    BaseUrlOption,
    ConditionOption,
    IndexArgument,
    KeyOption,
    PlayerOption,
    parse_conditions,
    parse_names,
)

EXAMPLES = (
    "gedanken discover lynx_hare --out runs/lynx_hare",
    "gedanken discover my.csv --time t --state y,vy --hint 'a ball falls through water'",
    "gedanken discover pendulum.csv --state theta --order 2",
    "gedanken discover census.csv --fit-until 1910",
    "gedanken discover motor.csv --state angle,speed --input torque",
    "gedanken discover springs.csv --trial run --parameter mass --order 2",
    "gedanken discover motor.csv --known 'd2angle/dt2 = -g*sin(angle) + ?' --fix g=9.81 --forbid t",
    "gedanken discover free_fall_drag --noise 0.05 --index 3 --json | jq .equation",
    "gedanken discover simple_pendulum --player openai:gpt-4o-mini --turns 8",
)


def discover(
    data: Annotated[
        str, typer.Argument(help="A CSV, TSV, Parquet or JSON file, a shipped example, or a system of the zoo.")
    ],
    time: Annotated[str | None, typer.Option(help="Column of times; guessed by default.")] = None,
    state: Annotated[
        str | None, typer.Option(help="State columns, comma-separated; all the others by default.")
    ] = None,
    trial: Annotated[str | None, typer.Option(help="Column that numbers the trials.")] = None,
    order: Annotated[
        int | None, typer.Option(help="Order of the law: 1 (dx/dt) or 2 (d2x/dt2; velocities are inferred if missing).")
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            "--input", help="Columns that drive the system and have no law (a torque, a dose), comma-separated."
        ),
    ] = None,
    hold: Annotated[
        str | None, typer.Option(help="Inputs that hold each reading until the next, instead of running in lines.")
    ] = None,
    parameter: Annotated[
        str | None, typer.Option(help="Columns of known constants that differ between trials, comma-separated.")
    ] = None,
    hint: Annotated[
        str | None, typer.Option(help="One sentence about the scene; or full, names, anonymous for a system.")
    ] = None,
    fit_until: Annotated[float | None, typer.Option(help="Later samples are held out and only predicted.")] = None,
    hold_out: Annotated[
        bool, typer.Option("--hold-out", help="Hold the last trial out and predict it from its start.")
    ] = False,
    clock: Annotated[
        bool, typer.Option("--clock", help="Laws may name the time t; otherwise that is a last resort.")
    ] = False,
    known: Annotated[
        str | None, typer.Option(help="What the law is known to contain: 'd2y/dt2 = -9.81 + ?'; ? is what is missing.")
    ] = None,
    fix: Annotated[
        list[str] | None, typer.Option(help="Value of a constant of --known, or of a term's coefficient: g=9.81.")
    ] = None,
    bound: Annotated[list[str] | None, typer.Option(help="Bounds of such, LOWER:UPPER, either open: k=0:.")] = None,
    terms: Annotated[str | None, typer.Option(help="The only terms that may occur, comma-separated.")] = None,
    forbid: Annotated[str | None, typer.Option(help="Terms, functions, inputs or t that do not occur.")] = None,
    conserve: Annotated[
        str | None, typer.Option(help="A conserved quantity: an expression of the states, or energy.")
    ] = None,
    units: Annotated[str | None, typer.Option(help="Units of columns and of the time t: y=m, t=s.")] = None,
    player: PlayerOption = "sparse",
    turns: Annotated[int | None, typer.Option(help="At most this many turns (8 by default).")] = None,
    noise: Annotated[
        float | None, typer.Option(help="Noise of a seeded problem, as a share of each column's spread.")
    ] = None,
    index: IndexArgument = 0,
    split: Annotated[str, typer.Option(help="Split of a seeded problem.")] = "test",
    conditions: ConditionOption = None,
    base_url: BaseUrlOption = None,
    api_key: KeyOption = None,
    out: Annotated[Path | None, typer.Option(help="Write report.md, report.json and plots into this folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Find the law behind a trajectory; the simulator verifies it."""
    import sys

    from rich.console import Console

    from gedanken.cli._show import print_json, show_finding, show_turn
    from gedanken.errors import PlayerError
    from gedanken.own_data import discovery, record
    from gedanken.own_data.read.inputs import InputColumns
    from gedanken.own_data.report.write import to_json, write_report
    from gedanken.players import load_player
    from gedanken.sparse.warm import warm_up
    from gedanken.worlds.ode.knowledge import Knowledge

    console = Console(stderr=as_json, highlight=False)
    columns = InputColumns(parse_names(inputs), parse_names(hold), parse_names(parameter), guess=True)
    measured = record.read_record(
        data,
        hint=hint,
        fit_until=fit_until,
        hold_out=hold_out,
        noise=noise,
        index=index,
        split=split,
        conditions=parse_conditions(conditions),
        clock=clock,
        knowledge=Knowledge.read(known, fix, bound, terms, forbid, conserve, units),
        time=time,
        state=list(parse_names(state)) or None,
        trial=trial,
        order=order,
        inputs=columns if columns.named else None,
    )
    for note in measured.notes:
        console.print(f"note: {note}", style="dim")
    with console.status(f"{measured.title}: {player} is looking") as status:
        warm_up(lambda part: status.update(f"compiling, once on this machine: {part}"))
        contestant = load_player(
            player,
            "discover",
            {"progress": lambda text: status.update(f"{measured.title}: {text}")},
            base_url=base_url,
            api_key=api_key,
        )
        finding = discovery.run(measured, contestant, turns, lambda number, turn: show_turn(console, number, turn))
    command = ["gedanken", *sys.argv[1:]]
    files = write_report(finding, out, command) if out else {}
    if as_json:
        print_json(to_json(finding, command) | {"files": {name: str(path) for name, path in files.items()}})
    else:
        show_finding(console, finding, files)
    if finding.broken_off:
        turns_played = f"{len(finding.turns)} {'turn' if len(finding.turns) == 1 else 'turns'}"
        raise PlayerError(f"{finding.broken_off}; the law above is the best of {turns_played} before that")
