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
    parse_codes,
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
        str,
        typer.Argument(help="A table (CSV, text, Excel, Parquet, JSON, .mat, .npz), a shipped example, or a system."),
    ],
    time: Annotated[str | None, typer.Option(help="Column of times; guessed by default.")] = None,
    state: Annotated[
        str | None, typer.Option(help="State columns, comma-separated; all the others by default.")
    ] = None,
    trial: Annotated[str | None, typer.Option(help="Column that tells trials apart; several with commas.")] = None,
    dt: Annotated[float | None, typer.Option(help="Time between rows, where there is no column of times.")] = None,
    missing: Annotated[
        str | None,
        typer.Option(help="Numbers that mean a missing value, comma-separated, or none; guessed by default."),
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook; the first with a table by default.")] = None,
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
    from gedanken.own_data.record import Record
    from gedanken.own_data.report.write import to_json, write_report
    from gedanken.own_data.result import discover as find

    console = Console(stderr=as_json, highlight=False)
    with console.status(f"{data}: reading") as status:
        title = data

        def show_record(record: Record) -> None:
            nonlocal title
            title = record.title
            for note in record.notes:
                console.print(f"note: {note}", style="dim", markup=False)
            status.update(f"{title}: {player} is looking")

        finding = find(
            data,
            time=time,
            state=parse_names(state) or None,
            trial=trial,
            order=order,
            hint=hint,
            dt=dt,
            missing=parse_codes(missing),
            sheet=sheet,
            inputs=parse_names(inputs),
            hold=parse_names(hold),
            parameters=parse_names(parameter),
            fit_until=fit_until,
            hold_out=hold_out,
            clock=clock,
            known=known,
            fix=fix,
            bound=bound,
            terms=terms,
            forbid=forbid,
            conserve=conserve,
            units=units,
            player=player,
            turns=turns,
            player_options={"base_url": base_url, "api_key": api_key},
            on_record=show_record,
            on_turn=lambda number, turn: show_turn(console, number, turn),
            progress=lambda text: status.update(f"{title}: {text}"),
            noise=noise,
            index=index,
            split=split,
            conditions=parse_conditions(conditions),
        ).finding
    command = ["gedanken", *sys.argv[1:]]
    files = write_report(finding, out, command) if out else {}
    if as_json:
        print_json(to_json(finding, command) | {"files": {name: str(path) for name, path in files.items()}})
    else:
        show_finding(console, finding, files)
    if finding.broken_off:
        turns_played = f"{len(finding.turns)} {'turn' if len(finding.turns) == 1 else 'turns'}"
        raise PlayerError(f"{finding.broken_off}; the law above is the best of {turns_played} before that")
