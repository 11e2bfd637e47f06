"""Versions of what a result depends on."""

import importlib.metadata
import platform

import gedanken


def versions(*names: str) -> dict[str, str]:
    """The versions of `gedanken`, `python` and libraries by name, in the order asked for.

    A library that is not installed is left out.
    """
    found = {}
    for name in names:
        if name == "gedanken":
            # Not from the metadata, which in an editable installation may be of another day.
            found[name] = gedanken.__version__
        elif name == "python":
            found[name] = platform.python_version()
        else:
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
    return found
