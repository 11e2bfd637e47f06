"""Zoo entries are found by walking a folder: one file is one entry and the file's name is the entry's name."""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from gedanken.errors import UserError


@cache
def names(package: str) -> dict[str, str]:
    """Entry name -> module path, for every module below `package` (sub-packages are categories).

    Raises:
        RuntimeError: two files of one name in different categories.
    """
    found: dict[str, str] = {}
    for module in _walk(importlib.import_module(package)):
        name = module.rsplit(".", 1)[1]
        if name in found:
            raise RuntimeError(f"two entries are called {name}: {found[name]} and {module}")
        found[name] = module
    return dict(sorted(found.items()))


def _walk(package: ModuleType) -> Iterator[str]:
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if info.ispkg:
            yield from _walk(importlib.import_module(info.name))
        elif not info.name.rsplit(".", 1)[1].startswith("_"):
            yield info.name


def load(package: str, name: str) -> ModuleType:
    """The module of one entry.

    Raises:
        UserError: no entry of that name; the message offers the nearest names.
    """
    modules = names(package)
    if name not in modules:
        import difflib

        near = difflib.get_close_matches(name, modules, n=3)
        kind = package.rsplit(".", 1)[1].rstrip("s")
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UserError(f"there is no {kind} called {name!r}{hint}")
    return importlib.import_module(modules[name])


def docstring(package: str, name: str) -> str:
    """An entry's docstring, one line a paragraph."""
    text = (load(package, name).__doc__ or "").strip()
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def load_file(path: Path) -> ModuleType:
    """An entry that lives outside the package, for `gedanken check FILE`.

    Raises:
        UserError: the file is missing or does not import.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"{path} does not import: {type(error).__name__}: {error}") from error
    return module
