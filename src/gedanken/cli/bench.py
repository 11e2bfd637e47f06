"""`gedanken bench`: measure players on frozen suites, and the verifier against its peers."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken import zoo
from gedanken.bench.suite import describe_names
from gedanken.cli._options import BaseUrlOption, KeyOption, OptionalAddress, RayOption, choose_crew

app = typer.Typer(help="Measure players on frozen suites, and the verifier against its peers.", no_args_is_help=True)


@app.command(
    cls=OptionalAddress,
    epilog="gedanken bench discover --suite seed8 --noise 0.05\n\n"
    "gedanken bench discover --suite odebench --player sparse --player pysindy --noise 0.05 --out runs/odebench\n\n"
    "gedanken bench discover --suite altered --ray 10.0.0.1:6379\n\n"
    "gedanken bench discover --player openai:MODEL --base-url http://localhost:8000/v1 --turns 8 --out runs/served",
)
def discover(
    suite: Annotated[str, typer.Option(help=f"{describe_names('discover')}.")] = "seed8",
    player: Annotated[
        list[str] | None,
        typer.Option(
            help=f"sparse, a peer ({', '.join(zoo.names('gedanken.bench.peers'))}), openai:MODEL, ...; repeatable."
        ),
    ] = None,
    noise: Annotated[float, typer.Option(help="Noise, as a share of each column's standard deviation.")] = 0.05,
    problems: Annotated[int | None, typer.Option(help="Problems a subject; the suite's own number by default.")] = None,
    subjects: Annotated[list[str] | None, typer.Option("--subject", help="Only these subjects; repeatable.")] = None,
    drop: Annotated[float, typer.Option(help="Share of the samples dropped at random.")] = 0.0,
    starts: Annotated[str, typer.Option(help="odebench: first, second, each (mean of both) or joint.")] = "first",
    hint: Annotated[str, typer.Option(help="full, names or anonymous.")] = "full",
    positions_only: Annotated[bool, typer.Option("--positions-only", help="Velocities are not observed.")] = False,
    rows: Annotated[
        int | None, typer.Option(help="Rows that prompts show, for models with little context; not odebench.")
    ] = None,
    turns: Annotated[int, typer.Option(help="Turns a player has; the best one counts.")] = 1,
    base_url: BaseUrlOption = None,
    api_key: KeyOption = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; one by default, with which timings are best read.")
    ] = None,
    ray: RayOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results; a run that was cut off resumes there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object (a list for several players).")] = False,
) -> None:
    """Solved rate, generalisation to another start and exact form, each with a 95 % interval."""
    from rich.console import Console

    from gedanken.bench import discover as bench
    from gedanken.bench.runner import explain_missing
    from gedanken.cli._show import print_json, progress_bar
    from gedanken.errors import PlayerError

    crew = choose_crew(workers, ray, default=1)
    results, failures = [], []
    options = bench.share_player_options(player or ["sparse"], base_url=base_url, api_key=api_key)
    for name in player or ["sparse"]:
        try:
            with progress_bar(f"{suite}, {name}, noise {noise:g}") as advance:
                result = bench.run(
                    suite,
                    name,
                    noise=noise,
                    problems=problems,
                    subjects=subjects,
                    drop=drop,
                    starts=starts,
                    hint=hint,
                    positions_only=positions_only,
                    rows=rows,
                    turns=turns,
                    workers=crew,
                    out=out,
                    progress=advance,
                    player_options=options[name],
                )
        except PlayerError as failure:  # the other players play all the same
            failures.append(str(failure))
            continue
        results.append(result)
        if "missing" in result:
            failures.append(explain_missing([result["missing"]], out is not None))
    if as_json and results:
        print_json(results[0] if len(results) == 1 else results)
    elif results:
        Console().print(bench.render_markdown(results), markup=False, highlight=False, soft_wrap=True)
    if failures:
        raise PlayerError("; ".join(failures))


@app.command(
    cls=OptionalAddress,
    epilog="gedanken bench predict --suite heldout6 --player restart10\n\n"
    "gedanken bench predict --suite levels --player openai:qwen3:4b --horizon 1 --scenes 1 --out runs/levels",
)
def predict(
    suite: Annotated[str, typer.Option(help=f"{describe_names('predict')}.")] = "heldout6",
    player: Annotated[
        list[str] | None,
        typer.Option(help="restart1, restart10, openai:MODEL, ...; extrapolations always run along."),
    ] = None,
    scenario: Annotated[list[str] | None, typer.Option(help="Only these scenarios; repeatable.")] = None,
    scenes: Annotated[int | None, typer.Option(help="Scenes a scenario and level; the suite's own by default.")] = None,
    horizon: Annotated[
        list[int] | None, typer.Option(help="Frames ahead; the suite's own by default; repeatable.")
    ] = None,
    text_format: Annotated[str, typer.Option("--format", help="Text format of prompts and answers.")] = "v1",
    base_url: BaseUrlOption = None,
    api_key: KeyOption = None,
    workers: Annotated[int | None, typer.Option(help="Processes; one by default.")] = None,
    ray: RayOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results; a run that was cut off resumes there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Coverage, errors and skill over extrapolation by horizon, each with a 95 % interval."""
    from rich.console import Console

    from gedanken.bench import predict as bench
    from gedanken.bench.runner import explain_missing
    from gedanken.cli._show import print_json, progress_bar
    from gedanken.errors import PlayerError

    crew = choose_crew(workers, ray, default=1)
    with progress_bar(f"{suite}") as advance:
        result = bench.run(
            suite,
            player or ["restart1", "restart10"],
            scenarios=scenario,
            scenes=scenes,
            horizons=horizon,
            format=text_format,
            workers=crew,
            out=out,
            progress=advance,
            player_options={"base_url": base_url, "api_key": api_key},
        )
    if as_json:
        print_json(result)
    else:
        Console().print(bench.render_markdown(result), markup=False, highlight=False, soft_wrap=True)
    if "missing" in result:
        raise PlayerError(explain_missing(result["missing"], out is not None))


@app.command(epilog="gedanken bench generate --json | jq .arrays.ratio")
def generate(
    scenes: Annotated[int, typer.Option(help="Scenes of the thirty README types, levels 1 to 5.")] = 300,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Scenes generated per second against a per-attribute reference and the bare C step, side by side in one run."""
    from rich.console import Console

    from gedanken.bench.speed import generate as bench
    from gedanken.cli._show import print_json, progress_bar

    with progress_bar("generator against its peers") as advance:
        result = bench.run(scenes, progress=advance)
    if as_json:
        print_json(result)
    else:
        Console().print(bench.render_markdown(result), markup=False, highlight=False, soft_wrap=True)


@app.command(epilog="gedanken bench verifier --json | jq .batch")
def verifier(
    rounds: Annotated[int, typer.Option(help="Interleaved rounds; the median counts.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Answers scored per second against SymPy + odeint, and against a fixed compiled loop, side by side in one run."""
    from rich.console import Console

    from gedanken.bench.speed import verifier as bench
    from gedanken.cli._show import print_json, progress_bar

    with progress_bar("verifier against its peers") as advance:
        result = bench.run(rounds=rounds, progress=advance)
    if as_json:
        print_json(result)
    else:
        Console().print(bench.render_markdown(result), markup=False, highlight=False, soft_wrap=True)


@app.command(epilog="gedanken bench fuzz --answers 100000 --json")
def fuzz(
    answers: Annotated[int, typer.Option(help="How many generated and mutated answers to score.")] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Score hostile answers: no exception, no hang; reports the slowest."""
    from gedanken.bench import fuzz as bench
    from gedanken.cli._show import print_json, progress_bar

    with progress_bar("hostile answers") as advance:
        result = bench.fuzz(answers, progress=advance)
    print_json(result, pretty=not as_json)


@app.command(
    epilog="gedanken bench hostile --json\n\ngedanken bench hostile --task predict --kind feedback --problems 2"
)
def hostile(
    task: Annotated[list[str] | None, typer.Option(help="discover, predict; repeatable, both by default.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only these kinds of cheats; repeatable.")] = None,
    subject: Annotated[list[str] | None, typer.Option(help="Only these subjects; repeatable.")] = None,
    problems: Annotated[int, typer.Option(help="Problems of each subject and condition.")] = 1,
    reward: Annotated[str | None, typer.Option(help="Name of the reward table; the task's default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object (a list for several tasks).")] = False,
) -> None:
    """Answers that try to be paid without understanding: what they earn, by kind."""
    from rich.console import Console

    from gedanken.bench.cheats import report as bench
    from gedanken.cli._show import print_json, progress_bar

    results = []
    for name in task or list(bench.CONDITIONS):
        with progress_bar(f"cheats at {name}") as advance:
            results.append(
                bench.run(name, kinds=kind, subjects=subject, problems=problems, reward=reward, progress=advance)
            )
    if as_json:
        print_json(results[0] if len(results) == 1 else results)
    else:
        Console().print(bench.render_markdown(results), markup=False, highlight=False, soft_wrap=True)


@app.command(epilog="gedanken bench order --json | jq .outranked")
def order(
    noise: Annotated[list[float] | None, typer.Option(help="Noise of the records; 0 and 0.05; repeatable.")] = None,
    subject: Annotated[list[str] | None, typer.Option(help="Only these systems; repeatable.")] = None,
    problems: Annotated[int, typer.Option(help="Problems of each system and noise.")] = 2,
    reward: Annotated[str | None, typer.Option(help="Name of the reward table; the default one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Simpler laws with constants fitted to the record: at how many problems one is paid more than the truth."""
    from rich.console import Console

    from gedanken.bench.cheats import order as bench
    from gedanken.cli._show import print_json, progress_bar

    with progress_bar("simpler laws against the truth") as advance:
        result = bench.run(
            noises=noise or bench.NOISES, subjects=subject, problems=problems, reward=reward, progress=advance
        )
    if as_json:
        print_json(result)
    else:
        Console().print(bench.render_markdown(result), markup=False, highlight=False, soft_wrap=True)
