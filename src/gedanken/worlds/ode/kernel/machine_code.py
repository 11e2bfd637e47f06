"""Machine code that comes with the package, so that a first search need not wait for a compiler.

A wheel may hold an archive of what `gedanken warm` would compile, made when the wheel was built, for the processors
that most machines have (`CPU`). It is used where all is the same that its code depends on: Python, numba, llvmlite, the
operating system, and of each function the content of its files. Elsewhere functions are compiled as if it were not
there. What lies in the archive was pickled by numba, and is as trusted as the rest of the package.
"""

import hashlib
import io
import os
import pickle
import platform
import sys
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding
import numba
from numba.core import config, serialize
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult

CPU = "x86-64-v3"
"""The processor that is compiled for: Intel's since Haswell (2013), AMD's since Excavator (2015)."""

FEATURES = ("sse4.2", "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "popcnt")
"""What a processor of this level can do beyond the first ones of 64 bits, as LLVM calls it."""

FOLDER = Path(__file__).parent / "machine_code"
VERSIONS = "VERSIONS"

COLLECT = "GEDANKEN_COLLECT_MACHINE_CODE"
"""The environment variable of a process that makes an archive."""

_made: dict[str, bytes] | None = {} if os.environ.get(COLLECT) else None


def archive() -> Path:
    """Where this Python's archive lies if there is one."""
    return FOLDER / f"{sys.implementation.cache_tag}-{sys.platform}-{platform.machine()}.zip"


def versions() -> str:
    """The compiler that an archive's code depends on."""
    return f"numba {numba.__version__}, llvmlite {llvmlite.__version__}"


def is_used() -> bool:
    """Whether functions have to ask here: there is an archive that fits, or one is being made."""
    return _made is not None or _open() is not None


def has(place: str) -> bool:
    """Whether code of a function, in any signature, came with the package.

    Args:
        place: `place` of the function.
    """
    shipped = _open()
    return shipped is not None and any(name.startswith(f"{place}/") for name in shipped.namelist())


def place(function: Any, stamp: str) -> str:
    """What the entries of a function begin with.

    Args:
        function: in Python.
        stamp: digest of its file and of all that its code depends on.
    """
    return f"{stamp}/{function.__qualname__.replace('<', '').replace('>', '')}"


@cache
def _open() -> zipfile.ZipFile | None:
    """The archive, or None where there is none or it does not fit."""
    features = llvmlite.binding.get_host_cpu_features()
    if config.CPU_NAME or config.CPU_FEATURES or not all(features.get(name) for name in FEATURES):
        return None
    try:
        # In memory, since processes that are forked would share the place at which an open file is read.
        shipped = zipfile.ZipFile(io.BytesIO(archive().read_bytes()))
        return shipped if shipped.read(VERSIONS).decode() == versions() else None
    except (OSError, KeyError, zipfile.BadZipFile):
        return None


class ShippedCache(_Cache):  # type: ignore[misc]
    """A function's cache on disk, and behind it what came with the package.

    Args:
        function: in Python.
        stamp: digest of its file and of all that its code depends on.
        kept: numba's own cache of it.
    """

    def __init__(self, function: Any, stamp: str, kept: Any) -> None:
        self._function, self._stamp, self._kept = function, stamp, kept

    @property
    def cache_path(self) -> Any:
        """Where new code is kept."""
        return self._kept.cache_path

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function of a signature, or None."""
        found = self._kept.load_overload(sig, target_context)
        shipped = _open()
        if found is not None or shipped is None:
            return found
        try:
            payload = shipped.read(self._entry(sig))
        except (KeyError, zipfile.BadZipFile):
            return None
        target_context.refresh()
        return CompileResult._rebuild(target_context, *pickle.loads(payload))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function."""
        self._kept.save_overload(sig, data)
        if _made is not None:
            _made[self._entry(sig)] = serialize.dumps(data._reduce())

    def enable(self) -> None:
        """Keep what is compiled."""
        self._kept.enable()

    def disable(self) -> None:
        """Keep nothing."""
        self._kept.disable()

    def flush(self) -> None:
        """Forget what was kept."""
        self._kept.flush()

    def _entry(self, sig: Any) -> str:
        closure = [cell.cell_contents for cell in self._function.__closure__ or ()]
        key = repr((str(sig), self._function.__code__.co_code, closure))
        return f"{place(self._function, self._stamp)}/{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def write(path: Path) -> None:
    """Make an archive of all that this process has compiled, which `COLLECT` must have been told.

    The process must compile for `CPU`: NUMBA_CPU_NAME and NUMBA_CPU_FEATURES say so.
    """
    if _made is None:
        raise RuntimeError(f"{COLLECT} was not set when the package was imported")
    _write(path, _made)


def merge(parts: Iterable[Path]) -> Path:
    """Make this Python's archive of those that several processes wrote."""
    content: dict[str, bytes] = {}
    for part in parts:
        with zipfile.ZipFile(part) as written:
            content |= {name: written.read(name) for name in written.namelist()}
    FOLDER.mkdir(exist_ok=True)
    _write(archive(), content)
    return archive()


def _write(path: Path, content: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as new:
        for name, each in sorted({VERSIONS: versions().encode(), **content}.items()):
            # Without the time of day.
            new.writestr(zipfile.ZipInfo(name), each, zipfile.ZIP_DEFLATED)
