"""What decides the bytes of a shard: versions of libraries, and a hash of the sources that a plan runs through.

The sources are found by following imports from the shard writer and from the plan's own scenarios, so that a scenario
that no scene of the plan comes from, a text format or a drawing does not count. A manifest written before the hash was
limited to the plan's scenarios holds a hash of the whole zoo. Its data set is read, verified and published as before,
but an unfinished one cannot be resumed: whether its scenarios have changed since cannot be told from that hash.
"""

import ast
import hashlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from gedanken import zoo
from gedanken.versions import versions as versions_of
from gedanken.worlds.rigid import scenarios, text

WRITER = "gedanken.data.shards"
"""The module that makes shards; what it imports decides their bytes."""

DECIDING = ("gedanken.worlds.rigid", "gedanken.seeding", "gedanken.data.shards", "gedanken.data.schema")
"""Packages and modules in which imports are followed. The rest (errors, the zoo's index) decides no byte."""


@cache
def versions(names: tuple[str, ...] = ()) -> dict[str, str]:
    """Versions of everything that decides a byte of a data set, and of the text that is rendered from it.

    Args:
        names: the scenarios of its plan; none for imported data.

    Returns:
        By name: libraries, Python, the machine, `code` (hash of the sources that decide the shards) and `text` (hash
        of the text formats, which no shard depends on). The package's version alone would not tell a changed scenario.

    Raises:
        UserError: there is no scenario of one of the names.
    """
    formats = sorted(path for folder in text.__path__ for path in Path(folder).glob("*.py"))
    return {
        **versions_of("gedanken"),
        "code": _hash(find_sources(names)),
        "text": _hash({path.name: path for path in formats}),
        **versions_of("pymunk", "numpy", "numba", "pyarrow"),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "machine": platform.machine(),
    }


def find_sources(names: Sequence[str]) -> dict[str, Path]:
    """The modules that decide the shards of a plan with these scenarios, and their files.

    Raises:
        UserError: there is no scenario of one of the names.
    """
    own = [name for name in names if scenarios.is_file(name)]
    waiting = [WRITER, *(zoo.load(scenarios.PACKAGE, name).__name__ for name in names if name not in own)]
    # A file of one's own counts with what it imports of ours.
    files = {f"{scenarios.OWN}.{scenarios.scenario_of(name)}": scenarios.file_of(name) for name in own}
    waiting += [name for file in files.values() for name in _imports(file) if _decides(name)]
    while waiting:
        module = waiting.pop()
        if module in files:
            continue
        spec = find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        files[module] = Path(spec.origin)
        waiting += [name for name in _imports(files[module]) if _decides(name)]
    return files


def _decides(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in DECIDING)


def _imports(file: Path) -> Iterator[str]:
    """Modules that a file imports, and the packages that they lie in; imports within functions count, too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        named = []
        if isinstance(node, ast.ImportFrom) and node.module:
            # `from package import name`: the name may be a module or an attribute.
            named = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        for name in named:
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                module = ".".join(parts[:end])
                if _decides(module) and _exists(module):
                    yield module


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the parent is a module and not a package
        return False


def _hash(files: Mapping[str, Path]) -> str:
    content = hashlib.sha256()
    for name in sorted(files):
        content.update(name.encode() + b"\0" + files[name].read_bytes() + b"\0")
    return content.hexdigest()[:16]
