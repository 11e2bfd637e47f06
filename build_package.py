"""Build what a package holds beside its sources, the web page and machine code: hatch calls this.

GEDANKEN_PAGE says what to do where the page is not built yet: `auto` (the default) builds it where npm is found and
goes on without it elsewhere, `require` fails where it cannot be built, `skip` never builds. A source archive holds the
built page, so installing from one never needs Node.

GEDANKEN_MACHINE_CODE says the same of the machine code of the search, which a wheel brings along for the Python that
builds it, so that a first search need not wait for a compiler. Where it does not fit, it is not used. What was made
before (`python -m gedanken.sparse.ahead`, in other versions of Python too) is kept by `skip`, and replaced otherwise.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODES = ("auto", "require", "skip")
MACHINE_CODE = "src/gedanken/worlds/ode/kernel/machine_code"


class PackageHook(BuildHookInterface):  # type: ignore[type-arg]
    """The hook; nothing is built for an editable install, where `make web` and the first use do it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page if it is not there, and for a wheel the machine code."""
        if version == "editable":
            return
        root = Path(self.root)
        self._build("GEDANKEN_PAGE", "The web page", lambda: _build_page(root))
        if self.target_name == "wheel":
            self._build("GEDANKEN_MACHINE_CODE", "The machine code of the search", lambda: _compile(root))

    def _build(self, variable: str, part: str, build: Any) -> None:
        mode = os.environ.get(variable, "auto")
        if mode not in MODES:
            raise RuntimeError(f"{variable} is {', '.join(MODES)}, not {mode!r}")
        if mode == "skip":
            return
        try:
            build()
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            if mode == "require":
                raise RuntimeError(f"{part} could not be built: {error}") from None
            self.app.display_warning(f"{part} is left out ({error}). All else is complete.")


def _build_page(root: Path) -> None:
    """`src/gedanken/serve/page` from `web` if it is not there."""
    source = root / "web"
    if (root / "src/gedanken/serve/page/index.html").is_file():
        return
    npm = shutil.which("npm")
    if npm is None or not (source / "package.json").is_file():
        raise RuntimeError("it needs Node.js with npm: see make web")
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=source, check=True)
    subprocess.run([npm, "run", "build"], cwd=source, check=True)


def _compile(root: Path) -> None:
    """An archive of machine code, of the sources as they are now, for the Python that builds."""
    shutil.rmtree(root / MACHINE_CODE, ignore_errors=True)
    # Not by PYTHONPATH, which pip's environments for building do not heed.
    places = [str(root / "src"), *sys.path]
    code = f"import sys; sys.path[:] = {places!r}; from gedanken.sparse.ahead import main; main()"
    subprocess.run([sys.executable, "-c", code], check=True)
