"""Files on their way to the Hugging Face Hub: what would be sent, and the upload itself.

`huggingface_hub.upload_folder` would need a folder in which every file has its name on the Hub already, so a copy of
them all, and makes one commit of it. Here, files get their names on the way, in commits of the recommended size.
"""

from collections.abc import Mapping
from pathlib import Path

from gedanken.errors import UserError

# Name on the Hub -> a file of this machine, or content that is made for the Hub.
Files = Mapping[str, Path | bytes]
# Files of one commit; the Hub recommends fewer than 100.
BATCH = 50


def check_repository(repository: str, option: str) -> None:
    """Refuse a name that is not `OWNER/NAME`.

    Args:
        repository: the name.
        option: the command line's name for it.

    Raises:
        UserError: it is not of that form.
    """
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise UserError(f"{option} wants OWNER/NAME, not {repository!r}")


def size(content: Path | bytes) -> int:
    """Size of a file in bytes."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def describe(files: Files, end: str) -> list[str]:
    """A line for each file with its size in bytes, and one for all of them with `end` behind it."""
    sizes = {name: size(content) for name, content in files.items()}
    lines = [f"{sizes[name]:>14,}  {name}" for name in files]
    return [*lines, f"{sum(sizes.values()):>14,}  bytes in {len(files)} files {end}"]


def upload(files: Files, repository: str, *, data_set: bool, message: str, private: bool = False) -> str:
    """Upload files to a repository of the Hub, which is made if there is none; its address.

    Args:
        files: what to upload.
        repository: `OWNER/NAME`.
        data_set: whether it is a data set; a model if not.
        message: of the commits.
        private: make the repository private, where it is new.

    Raises:
        UserError: huggingface_hub is not installed, or the Hub refuses.
    """
    try:
        from huggingface_hub import CommitOperationAdd, HfApi
        from huggingface_hub.errors import HTTPError
    except ImportError:
        extra = "data" if data_set else "train"
        raise UserError(f"huggingface_hub is not installed; pip install 'gedanken[{extra}]'") from None
    hub, kind = HfApi(), "dataset" if data_set else "model"
    names = list(files)
    try:
        hub.create_repo(repository, repo_type=kind, private=private, exist_ok=True)
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            operations = [
                CommitOperationAdd(name, content if isinstance(content := files[name], bytes) else str(content))
                for name in batch
            ]
            hub.create_commit(repository, operations, commit_message=message, repo_type=kind)
    except (HTTPError, OSError, ValueError) as error:
        reason = (str(error) or repr(error)).splitlines()[0]
        raise UserError(f"the Hub did not take {repository}: {reason}") from error
    return f"https://huggingface.co/{'datasets/' if data_set else ''}{repository}"
