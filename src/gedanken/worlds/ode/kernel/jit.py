"""Machine code of this world's kernels, and where it is kept between runs.

numba caches a function by the content of the file that defines it and of no other, so that a function would keep the
old code of those it calls from other files, and the old values of the constants it imports. The machine code of a file
is therefore kept in a folder named by its content and that of the kernel files it imports
(docs/decisions/0002-compiled-verifier.md). A wheel may bring some of it along (`machine_code`).
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

from gedanken.worlds.ode.kernel import machine_code

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


class _Levels(event.Listener):  # type: ignore[misc]
    """Sets how hard LLVM tries, function by function, while numba compiles one inside the other."""

    def __init__(self) -> None:
        self.outer: set[Any] = set()
        self._full, self._little = config.OPT, type(config.OPT)("1")
        self._before: list[Any] = []

    def on_start(self, event: Any) -> None:
        self._before.append(config.OPT)
        config.OPT = self._little if event.data["dispatcher"].py_func in self.outer else self._full

    def on_end(self, event: Any) -> None:
        config.OPT = self._before.pop()


_levels = _Levels()
event.register("numba:compile", _levels)


def jit(*, outer: bool = False, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit` without the GIL, with IEEE division, and with the cache of this module.

    Only `contract` and `nsz` of LLVM's fast math are on: any more would delete the tests for NaN.

    Args:
        outer: the function does its work in other compiled functions. numba links their code into it, and LLVM would
            optimise all of it once more, for seconds and to no effect; so it is asked for little here.
        options: of `numba.njit`.
    """
    options = {
        "nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz"}, "no_cfunc_wrapper": True, **options
    }  # fmt: skip

    def decorate(function: Callable[..., Any]) -> Any:
        if outer:
            _levels.outer.add(function)
        compiled = _decorate(function, options)
        if machine_code.is_used() and hasattr(compiled, "_cache"):
            source = Path(function.__code__.co_filename)
            compiled._cache = machine_code.ShippedCache(function, stamp(source), compiled._cache)
        return compiled

    return decorate


def _decorate(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """A function for numba to compile, with its cache on disk where there is a place for one."""
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


def is_cacheable(function: Any) -> bool:
    """Whether there is a place that keeps a compiled function for other processes."""
    return hasattr(function, "py_func") and folder(Path(function.py_func.__code__.co_filename)) is not None


def is_cached(function: Any) -> bool:
    """Whether a compiled function is kept from an earlier process, or came with the package.

    Under NUMBA_DISABLE_JIT there is none to compile.
    """
    if not hasattr(function, "py_func"):
        return True
    source = Path(function.py_func.__code__.co_filename)
    if machine_code.has(machine_code.place(function.py_func, stamp(source))):
        return True
    place = folder(source)
    return place is not None and any(place.rglob(f"*.{function.py_func.__name__}-*.nbc"))


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
