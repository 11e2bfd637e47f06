"""A training command as a job on Hugging Face's machines: the same command line, another computer."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gedanken.errors import UserError

# Has uv, git and a compiler; torch brings its own CUDA.
IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
PACKAGE = "gedanken[train]"
FLAVOR = "a10g-small"
TIMEOUT = "6h"
# What these commands make is gone with the machine unless it is uploaded.
MAKES_MODELS = ("sft", "grpo", "curriculum")


@dataclass(frozen=True)
class Job:
    """A command for a rented machine.

    Attributes:
        command: the words of the command.
        flavor: which machine, by the Hub's name (`a10g-small`, `l40sx1`, `h200`, ...).
        image: container image.
        timeout: longest time, as `6h` or `30m`.
        secrets: names of environment variables that are handed over encrypted; never their values.
    """

    command: tuple[str, ...]
    flavor: str = FLAVOR
    image: str = IMAGE
    timeout: str = TIMEOUT
    secrets: tuple[str, ...] = ("HF_TOKEN",)

    def line(self) -> str:
        """The same job for the Hub's own command line, which takes secrets by name, too."""
        words = ["hf", "jobs", "run", "--flavor", self.flavor, "--timeout", self.timeout]
        for name in self.secrets:
            words += ["--secrets", name]
        return shlex.join([*words, self.image, *self.command])


def compose(
    arguments: Sequence[str],
    *,
    package: str = PACKAGE,
    flavor: str = FLAVOR,
    image: str = IMAGE,
    timeout: str = TIMEOUT,
    secrets: Sequence[str] = ("HF_TOKEN",),
) -> Job:
    """The job that runs `gedanken train ARGUMENTS`.

    Args:
        arguments: the words after `gedanken train`.
        package: what to install: a name with or without a version, or `git+https://...` for a repository.
        flavor: which machine.
        image: container image; it needs uv.
        timeout: longest time.
        secrets: names of environment variables.

    Raises:
        UserError: there is no command, its result would be lost, or a secret is given with its value.
    """
    if not arguments:
        raise UserError("say what to run: gedanken train submit -- sft --model ...")
    if arguments[0] in MAKES_MODELS and "--push-to-hub" not in arguments:
        raise UserError("a job's files are gone when it ends; add --push-to-hub --hub-repo-id OWNER/NAME")
    for name in secrets:
        if not name.isidentifier():
            raise UserError(
                f"--secret takes the name of an environment variable, not {name.partition('=')[0]!r} and more"
            )
    if package.startswith("git+"):
        package = f"gedanken[train] @ {package}"
    command = ("uv", "run", "--no-project", "--with", package, "gedanken", "train", *arguments)
    return Job(command, flavor, image, timeout, tuple(secrets))


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
    for name in job.secrets:
        value = os.environ.get(name) or (get_token() if name == "HF_TOKEN" else None)
        if not value:
            raise UserError(f"the secret {name} is not in the environment")
        values[name] = value
    try:
        started = HfApi().run_job(
            image=job.image, command=list(job.command), flavor=job.flavor, timeout=job.timeout, secrets=values
        )
    except (HTTPError, OSError, ValueError) as error:
        raise UserError(f"the Hub did not take the job: {(str(error) or repr(error)).splitlines()[0]}") from error
    return str(started.url)
