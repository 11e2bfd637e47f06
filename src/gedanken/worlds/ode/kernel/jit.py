"""Machine code of this world's kernels, and where it is kept between runs.

numba caches a function by the content of the file that defines it and of no other, so that a function would keep the
old code of those it calls from other files, and the old values of the constants it imports. The machine code of a file
is therefore kept in a folder named by its content and that of the kernel files it imports
(docs/decisions/0002-compiled-verifier.md).
"""

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config, event

HERE = Path(__file__)
PACKAGE = HERE.parents[3]
USE = b"from gedanken.worlds.ode.kernel.jit import"
_IMPORT = re.compile(rb"^from gedanken\.([\w.]+) import ([\w, ]+|\([^)]*\))", re.MULTILINE)


@cache
def stamp(path: Path) -> str:
    """Digest of a file and of what its machine code depends on.

    That is every file it imports, directly or not, that lies in this folder or has compiled functions.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content)
    for module, names in _IMPORT.findall(content):
        place = PACKAGE.joinpath(*module.decode().split("."))
        for file in (place.with_suffix(".py"), *(place / f"{name}.py" for name in re.findall(r"\w+", names.decode()))):
            if file.is_file() and (file.parent == HERE.parent or USE in file.read_bytes()):
                digest.update(stamp(file).encode())
    return digest.hexdigest()[:16]


def _bases() -> list[Path]:
    """Places to try, best first: NUMBA_CACHE_DIR, beside the source, the user's cache folder.

    Never a shared folder such as /tmp: numba unpickles what it finds there.
    """
    if config.CACHE_DIR:
        return [Path(config.CACHE_DIR)]
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    elif sys.platform == "darwin":
        home = "~/Library/Caches"
    else:
        home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return [HERE.parent / "__pycache__", Path(os.path.expanduser(home)) / "gedanken"]


@cache
def folder(source: Path) -> Path | None:
    """The writable folder that keeps a file's machine code, or None where there is none: then each process compiles."""
    for base in _bases():
        path = base / f"{source.stem}-{stamp(source)}"
        try:
            path.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=path).close()
        except OSError:
            continue
        return path
    return None


def jit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit` without the GIL, with IEEE division, and with the cache of this module.

    Only `contract` and `nsz` of LLVM's fast math are on: any more would delete the tests for NaN.
    """
    options = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz"}, **options}

    def decorate(function: Callable[..., Any]) -> Any:
        place = folder(Path(function.__code__.co_filename))
        if place is not None:
            before = config.CACHE_DIR
            config.CACHE_DIR = str(place)
            try:
                return numba.njit(cache=True, **options)(function)
            except RuntimeError:  # numba finds no place to write to after all
                pass
            finally:
                config.CACHE_DIR = before
        return numba.njit(**options)(function)

    return decorate


@contextmanager
def announce(progress: Callable[[str], None] | None) -> Iterator[None]:
    """Call `progress` with the name of each function that is compiled, not of those that come from the cache."""
    if progress is None:
        yield
        return
    tell = progress

    class Listener(event.Listener):  # type: ignore[misc]
        def on_start(self, event: Any) -> None:
            function = event.data["dispatcher"].py_func
            if not function.__module__.startswith("numba."):
                tell(function.__name__.strip("_"))

        def on_end(self, event: Any) -> None:
            pass

    with event.install_listener("numba:compile", Listener()):
        yield
