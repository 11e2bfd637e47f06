"""`gedanken train submit`."""

from typing import Annotated

import typer

from gedanken.errors import UserError

SUBMIT_EXAMPLES = (
    "gedanken train submit -- sft --model Qwen/Qwen2.5-3B-Instruct --output-dir runs/sft --system-ids damped_spring"
    " --push-to-hub --hub-repo-id ME/NAME",
    "gedanken train submit --run --flavor l40sx1 --timeout 2h --package git+https://github.com/ME/gedanken"
    " --secret HF_TOKEN --secret WANDB_API_KEY -- grpo --model ... --push-to-hub --hub-repo-id ME/NAME",
)


def submit(
    arguments: Annotated[
        list[str], typer.Argument(help="After --: what to run, as after `gedanken train`.", show_default=False)
    ],
    run: Annotated[bool, typer.Option("--run/--dry-run", help="Start the job, or only print it.")] = False,
    flavor: Annotated[
        str, typer.Option(help="Machine, by the Hub's name: a10g-small, l40sx1, h200, ...")
    ] = "a10g-small",
    timeout: Annotated[str, typer.Option(help="Longest time: 6h, 30m, ...")] = "6h",
    package: Annotated[
        str, typer.Option(help="What the job installs: a requirement, or git+https://... for a repository.")
    ] = "gedanken[train]",
    image: Annotated[
        str, typer.Option(help="Container image; it needs uv.")
    ] = "ghcr.io/astral-sh/uv:python3.12-bookworm",
    secret: Annotated[
        list[str] | None, typer.Option(help="Name of an environment variable to hand over; repeatable.")
    ] = None,
) -> None:
    """Print or start a Hugging Face job that runs a training command."""
    from gedanken.training import submit as jobs

    _check_command(arguments)
    job = jobs.compose(
        arguments,
        package=package,
        flavor=flavor,
        image=image,
        timeout=timeout,
        secrets=["HF_TOKEN"] if secret is None else secret,
    )
    print(jobs.submit(job) if run else job.line())


def _check_command(arguments: list[str]) -> None:
    """Read the command line as the job will, so that a typing error costs no rented machine.

    Raises:
        UserError: it cannot be read.
    """
    from gedanken.cli import train

    commands = typer.main.get_group(train.app).commands
    if arguments[0] not in commands or arguments[0] == "submit":
        raise UserError(f"gedanken train has no {arguments[0]!r} to run; it has {', '.join(sorted(commands))}")
    command = commands[arguments[0]]
    try:
        command.make_context(arguments[0], list(arguments[1:])).close()
    except typer.Exit:
        raise UserError("the command after -- asks for help only") from None
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        raise UserError(f"the command after -- cannot be read: {error.format_message()}") from error
