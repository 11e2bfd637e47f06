"""A training command as a job on Hugging Face's machines: the same command line, another computer."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gedanken.errors import UserError

# The models that these commands make are gone with the machine unless they are uploaded.
MAKES_MODELS = ("sft", "grpo", "curriculum")


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """The machine of a job, and what is installed on it.

    Attributes:
        flavor: Machine, by the Hub's name: a10g-small, l40sx1, h200, ...
        timeout: Longest time: 6h, 30m, ...
        package: What the job installs: a requirement, or git+https://... for a repository.
        image: Container image; it needs uv.
        secrets: Name of an environment variable to hand over; repeatable.
    """

    flavor: str = "a10g-small"
    timeout: str = "6h"
    package: str = "gedanken[train]"
    # Has uv, git and a compiler; torch brings its own CUDA.
    image: str = field(
        default="ghcr.io/astral-sh/uv:python3.12-bookworm", metadata={"show_default": "Astral's uv with Python 3.12"}
    )
    secrets: tuple[str, ...] = field(default=("HF_TOKEN",), metadata={"flags": ("--secret",)})


@dataclass(frozen=True)
class Job:
    """A command for a rented machine.

    Attributes:
        command: the words of the command.
        options: the machine, and the names of the secrets that are handed over encrypted; never their values.
    """

    command: tuple[str, ...]
    options: JobOptions

    def line(self) -> str:
        """The same job for the Hub's own command line, which takes secrets by name, too."""
        words = ["hf", "jobs", "run", "--flavor", self.options.flavor, "--timeout", self.options.timeout]
        for name in self.options.secrets:
            words += ["--secrets", name]
        return shlex.join([*words, self.options.image, *self.command])


def compose(arguments: Sequence[str], options: JobOptions | None = None) -> Job:
    """The job that runs `gedanken train ARGUMENTS`.

    Args:
        arguments: the words after `gedanken train`.
        options: the machine; the defaults of `JobOptions` if not given.

    Raises:
        UserError: there is no command, its result would be lost, or a secret is given with its value.
    """
    if not arguments:
        raise UserError("say what to run: gedanken train submit -- sft --model ...")
    if arguments[0] in MAKES_MODELS and "--push-to-hub" not in arguments:
        raise UserError("a job's files are gone when it ends; add --push-to-hub --hub-repo-id OWNER/NAME")
    options = options or JobOptions()
    for name in options.secrets:
        if not name.isidentifier():
            raise UserError(
                f"--secret takes the name of an environment variable, not {name.partition('=')[0]!r} and more"
            )
    package = f"gedanken[train] @ {options.package}" if options.package.startswith("git+") else options.package
    command = ("uv", "run", "--no-project", "--with", package, "gedanken", "train", *arguments)
    return Job(command, options)


def submit(job: Job) -> str:
    """Start the job; its address.

    Raises:
        UserError: a secret is not in the environment, or the Hub refuses.
    """
    try:
        from huggingface_hub import HfApi, get_token
        from huggingface_hub.errors import HTTPError
    except ImportError:
        raise UserError("huggingface_hub is not installed; pip install 'gedanken[train]'") from None
    values: dict[str, Any] = {}
    for name in job.options.secrets:
        value = os.environ.get(name) or (get_token() if name == "HF_TOKEN" else None)
        if not value:
            raise UserError(f"the secret {name} is not in the environment")
        values[name] = value
    try:
        started = HfApi().run_job(
            image=job.options.image,
            command=list(job.command),
            flavor=job.options.flavor,
            timeout=job.options.timeout,
            secrets=values,
        )
    except (HTTPError, OSError, ValueError) as error:
        raise UserError(f"the Hub did not take the job: {(str(error) or repr(error)).splitlines()[0]}") from error
    return str(started.url)
