"""`gedanken serve`: the loop over a socket."""

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = (
    "gedanken serve",
    "gedanken serve --model trained=hf:gedanken-discover-135m --model base=hf:smollm2 --pair local:trained,local:base",
    "gedanken serve --runs runs",
    "gedanken serve --reload",
    "gedanken serve --openenv discover --workers 2",
    "gedanken serve --host 0.0.0.0 --allow-host box.local",
    "gedanken serve --hosted --host 0.0.0.0 --database postgresql+psycopg://me@db/gedanken",
)


def serve(
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen at, and the host name that is answered besides localhost, 127.0.0.1 and [::1]. "
            "0.0.0.0 or :: lets the network in, under every IP address of this machine; names need --allow-host."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at.")] = 8000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A further host name that is answered, such as box.local; repeatable. With --hosted every name is, "
            "and with --openenv every name at another address than the loopback unless this is given.",
        ),
    ] = None,
    openenv: Annotated[
        str | None, typer.Option(metavar="TASK", help="Serve this task as an OpenEnv environment instead.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes, for --openenv; each holds its own sessions.")] = 1,
    reload: Annotated[
        bool, typer.Option("--reload", help="Begin anew whenever the source changes, for developers.")
    ] = False,
    database: Annotated[
        str, typer.Option(help="SQLAlchemy URL of the history.", show_default="a file in runs/serve")
    ] = "sqlite:///runs/serve/history.sqlite",
    hosted: Annotated[
        bool,
        typer.Option(
            "--hosted",
            help="Strangers may use it: models are asked at public addresses only, and episodes are listed and "
            "cancelled by their owners only.",
        ),
    ] = False,
    share_keys: Annotated[
        bool,
        typer.Option(
            "--share-keys",
            help="With --hosted: ask endpoints with the keys of this server's environment for visitors without one.",
        ),
    ] = False,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A web origin whose pages may call the API and open WebSockets; repeatable."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SPEC",
            help="A model that visitors can let play, as local:NAME; a spec is what --player takes elsewhere, such as "
            "hf:FOLDER. Repeatable.",
        ),
    ] = None,
    pair: Annotated[
        str | None, typer.Option(metavar="A,B", help="The two players that the page proposes, such as local:base,you.")
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(help="Folder of training runs whose curves the page shows; none by default.")
    ] = None,
    root_path: Annotated[str, typer.Option(help="The path below which a proxy serves this, such as /gedanken.")] = "",
    frame_ancestor: Annotated[
        list[str] | None, typer.Option(help="A web origin whose pages may show the page in a frame; repeatable.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the API's OpenAPI description to a file, and end.")
    ] = None,
    max_turns: Annotated[int, typer.Option(min=1, max=64, help="Answers of an episode.")] = 16,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens of an answer.")] = 8192,
    answer_seconds: Annotated[float, typer.Option(min=1, help="Until an endpoint's answer is given up.")] = 180.0,
    episode_seconds: Annotated[float, typer.Option(min=1, help="Until an episode is ended.")] = 900.0,
    client_episodes: Annotated[int, typer.Option(min=1, help="Episodes that one client may have running.")] = 8,
    total_episodes: Annotated[int, typer.Option(min=1, help="Episodes that may be running altogether.")] = 64,
) -> None:
    """Serve the web page and its API, or a task as an OpenEnv environment."""
    from gedanken import tasks
    from gedanken.errors import UserError

    try:
        import uvicorn
    except ImportError:
        raise UserError("serve needs a web server; install it with: pip install 'gedanken[serve]'") from None
    if reload and (openenv is not None or workers != 1):
        raise UserError("--reload is for the web page's server alone; leave --openenv and --workers out")
    if openenv is not None:
        tasks.load(openenv)  # says which there are
        if importlib.util.find_spec("openenv") is None:
            raise UserError("--openenv needs OpenEnv; install it with: pip install 'gedanken[openenv]'")
        from gedanken.serve.guard import Hosts
        from gedanken.serve.openenv import command

        Hosts(host, allow_host or ())  # says which name is none
        target = f"gedanken.serve.openenv.app:{openenv}"
        command.serve(target, host, port, workers, tuple(origin or ()), tuple(allow_host or ()))
        return
    if workers != 1:
        raise UserError("--workers is for --openenv; episodes are threads of one process")
    try:
        from gedanken.serve.web.app import create_app
    except ModuleNotFoundError:
        raise UserError("serve needs its libraries; install them with: pip install 'gedanken[serve]'") from None
    from gedanken.serve.web.settings import Settings

    if schema is not None:
        from gedanken.serve.web.schema import write_schema

        write_schema(schema)
        typer.echo(f"{schema} holds the description of the API")
        return
    settings = Settings(
        database=database,
        hosted=hosted,
        share_keys=share_keys,
        origins=tuple(origin or ()),
        listen=host,
        port=port,
        models=tuple(_split_model(each) for each in model or ()),
        pair=_split_pair(pair),
        runs=None if runs is None else str(runs),
        frame_ancestors=tuple(frame_ancestor or ()),
        allow_hosts=tuple(allow_host or ()),
        max_turns=max_turns,
        max_tokens=max_tokens,
        answer_seconds=answer_seconds,
        episode_seconds=episode_seconds,
        client_episodes=client_episodes,
        total_episodes=total_episodes,
    )
    if reload:
        from gedanken.serve.web import development

        development.serve(settings, host, port)
        return
    # A stopped server tells its listeners so and does not wait for them for ever.
    uvicorn.run(create_app(settings), host=host, port=port, root_path=root_path, timeout_graceful_shutdown=10)


def _split_model(option: str) -> tuple[str, str]:
    """Name and spec of `--model NAME=SPEC`."""
    from gedanken.errors import UserError

    name, equals, spec = option.partition("=")
    if not (name and equals and spec):
        raise UserError(f"--model is written NAME=SPEC, as in base=hf:FOLDER, not {option!r}")
    return name, spec


def _split_pair(option: str | None) -> tuple[str, str] | None:
    """The two players of `--pair A,B`."""
    from gedanken.errors import UserError

    if option is None:
        return None
    names = [name.strip() for name in option.split(",")]
    if len(names) != 2 or not all(names):
        raise UserError(f"--pair names two players, as in sparse,you, not {option!r}")
    return names[0], names[1]
