"""Where a data set lies: a folder of this machine, or of a store that fsspec knows (`s3://`, `gs://`, `hf://`, ...)."""

from pathlib import Path
from typing import Any

from gedanken.errors import UserError

PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "hf": "huggingface_hub",
    "az": "adlfs",
    "abfs": "adlfs",
}
"""What has to be installed for a store."""


def is_remote(folder: Any) -> bool:
    """Whether a folder is not one of this machine's file system."""
    return not isinstance(folder, Path)


def place(where: str | Path) -> Any:
    """A folder as `pathlib` speaks of it, wherever it lies.

    Raises:
        UserError: the library that reaches it is not installed, or there is no such store.
    """
    if isinstance(where, Path) or "://" not in where:
        return Path(where) if isinstance(where, str) else where
    scheme = where.partition("://")[0]
    if scheme == "file":
        return Path(where.removeprefix("file://"))
    try:
        from upath import UPath
    except ImportError:
        raise UserError(f"{where} needs universal-pathlib: pip install 'gedanken[remote]'") from None
    try:
        found = UPath(where)
        found.fs  # noqa: B018 - only then the store's library is imported
        return found
    except ImportError as error:
        package = PACKAGES.get(scheme, "the library of this store")
        raise UserError(f"{where} needs {package}: pip install {package} ({error})") from error
    except ValueError as error:
        raise UserError(f"{where} is in no store that is known here: {error}") from error
