"""Build the web page into the package: hatch calls this for wheels and source archives.

GEDANKEN_PAGE says what to do where the page is not built yet: `auto` (the default) builds it where npm is found and
goes on without it elsewhere, `require` fails where it cannot be built, `skip` never builds. A source archive holds the
built page, so installing from one never needs Node.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODES = ("auto", "require", "skip")


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """The hook; nothing is built for an editable install, where `make web` does it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build `src/gedanken/serve/page` from `web` if it is not there."""
        mode = os.environ.get("GEDANKEN_PAGE", "auto")
        if mode not in MODES:
            raise RuntimeError(f"GEDANKEN_PAGE is {', '.join(MODES)}, not {mode!r}")
        root = Path(self.root)
        built, source = root / "src/gedanken/serve/page/index.html", root / "web"
        if version == "editable" or mode == "skip" or built.is_file():
            return
        npm = shutil.which("npm")
        if npm is None or not (source / "package.json").is_file():
            if mode == "require":
                raise RuntimeError("the web page is not built, and building it needs Node.js with npm: run make web")
            self.app.display_warning(
                "The web page is left out: building it needs Node.js with npm. The API is complete."
            )
            return
        try:
            subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=source, check=True)
            subprocess.run([npm, "run", "build"], cwd=source, check=True)
        except subprocess.CalledProcessError as error:
            if mode == "require":
                raise RuntimeError(f"the web page could not be built: {error}") from None
            self.app.display_warning(f"The web page is left out: it could not be built ({error}). The API is complete.")
