"""`gedanken train submit`."""

from typing import Annotated, Any

import typer

from gedanken.cli._dataclass_options import options_of
from gedanken.errors import UserError
from gedanken.training.submit import JobOptions

SUBMIT_EXAMPLES = (
    "gedanken train submit -- sft --model Qwen/Qwen2.5-3B-Instruct --output-dir runs/sft --system-ids damped_spring"
    " --push-to-hub --hub-repo-id ME/NAME",
    "gedanken train submit --run --flavor l40sx1 --timeout 2h --package git+https://github.com/ME/gedanken"
    " --secret HF_TOKEN --secret WANDB_API_KEY -- grpo --model ... --push-to-hub --hub-repo-id ME/NAME",
)


@options_of(JobOptions)
def submit(
    options: JobOptions,
    context: typer.Context,
    arguments: Annotated[
        list[str], typer.Argument(help="After --: what to run, as after `gedanken train`.", show_default=False)
    ],
    run: Annotated[bool, typer.Option("--run/--dry-run", help="Start the job, or only print it.")] = False,
) -> None:
    """Print or start a Hugging Face job that runs a training command."""
    from gedanken.training import submit as jobs

    assert context.parent is not None
    _check_command(context.parent.command, arguments)
    job = jobs.compose(arguments, options)
    print(jobs.submit(job) if run else job.line())


def _check_command(train: Any, arguments: list[str]) -> None:
    """Read the command line as the job will, so that a typing error costs no rented machine.

    Args:
        train: the group of commands that the job's command is one of.
        arguments: the command's name and its words.

    Raises:
        UserError: it cannot be read.
    """
    name, *words = arguments
    if name not in train.commands or name == "submit":
        raise UserError(f"gedanken train has no {name!r} to run; it has {', '.join(sorted(train.commands))}")
    try:
        train.commands[name].make_context(name, words).close()
    except typer.Exit:
        raise UserError("the command after -- asks for help only") from None
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        raise UserError(f"the command after -- cannot be read: {error.format_message()}") from error
