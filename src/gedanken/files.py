"""Files and folders that take their names when they are whole, and not before."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from gedanken.errors import UserError

TEMPORARY = ".unfinished"
"""Suffix of what is being written. One that a dead process left behind may be deleted."""


def write_atomically(path: Any, content: Any) -> None:
    """Write bytes (or a buffer of them) to a file so that at any moment it has its old content or all of the new.

    Raises:
        UserError: the disk is full or the folder cannot be written to; what was there before is untouched.
    """
    if not isinstance(path, Path):
        # A store of objects (`s3://...` as a path): what is put there appears as a whole.
        try:
            path.write_bytes(bytes(content))
        except OSError as error:
            raise UserError(f"{path} cannot be written: {_reason(error)}") from error
        return
    with staged_file(path) as file:
        file.write(content)


@contextmanager
def staged_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write into, which replaces `path` once the block has ended well and the bytes are on the disk.

    Raises:
        UserError: as `write_atomically`.
    """
    staged = _staged_name(path)
    try:
        with staged.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
        # The rename itself must survive a power cut, too.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {_reason(error)}") from error
    finally:
        with suppress(OSError):
            staged.unlink()


@contextmanager
def staged_folder(path: Path) -> Iterator[Path]:
    """A folder to write into, whose content is put at `path` once the block has ended well.

    Where there is no folder at `path`, it appears in one step. Otherwise its files are replaced one by one, each of
    them whole; files of other names stay. Parents of `path` are made.

    Raises:
        UserError: the disk is full, the folder cannot be written to, or `path` is a file.
    """
    staged = _staged_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.mkdir()
        yield staged
        # The rename fails where the folder exists, or where another process has just made it.
        with suppress(OSError):
            staged.rename(path)
            return
        for source in sorted(source for source in staged.rglob("*") if source.is_file()):
            target = path / source.relative_to(staged)
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
    except OSError as error:
        raise UserError(f"{path} cannot be written to: {_reason(error)}") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _staged_name(path: Path) -> Path:
    """A name beside `path` that no other process uses: a rename does not leave its file system."""
    return path.parent / f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}"


def _reason(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return "the disk is full" if full else error.strerror or str(error)
