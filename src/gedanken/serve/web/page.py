"""The web page itself: files that `make web` builds into `serve/page/`, served with the headers of a strict page."""

import html
import re
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parents[1] / "page"

# What the page's own router shows; another path is 404.
ROUTES = (
    "/",
    "/c/{identity}",
    "/e/{identity}",
    "/discover",
    "/d/{identity}",
    "/predict",
    "/predict/{identity}",
    "/zoo",
    "/zoo/{task}/{name}",
    "/results",
    "/runs",
    "/about",
)
MISSING = "The page is not built. From a source tree, run: make web\n"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors "
)


def is_built(folder: Path = FOLDER) -> bool:
    """Whether there is a page to serve."""
    return (folder / "index.html").is_file()


def headers(frame_ancestors: tuple[str, ...] = ()) -> dict[str, str]:
    """The headers of every file of the page; pages of `frame_ancestors` may show it in a frame, besides its own."""
    return {
        "Content-Security-Policy": POLICY + " ".join(("'self'", *frame_ancestors)),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


class _Assets(StaticFiles):
    """Files with a hash in their name: they never change."""

    def __init__(self, directory: Path, fixed: dict[str, str]):
        super().__init__(directory=directory, check_dir=False)
        self.config_checked = True  # a folder that is not there is a 404, not a fault
        self._fixed = {**fixed, "Cache-Control": "public, max-age=31536000, immutable"}

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(self._fixed)
        return response


def add_page(app: FastAPI, frame_ancestors: tuple[str, ...] = (), folder: Path = FOLDER) -> None:
    """Serve the page of `folder`: its routes, its assets, and the files beside `index.html` under their own names."""
    fixed = headers(frame_ancestors)

    async def page(request: Request) -> Response:
        if not is_built(folder):
            return Response(MISSING, 503, fixed, "text/plain")
        root = html.escape(str(request.scope.get("root_path", "")).rstrip("/") + "/")
        text = (folder / "index.html").read_text(encoding="utf-8")
        # Behind a proxy the page may live below another path; every URL in it is relative to this one.
        text = re.sub(r"<head([^>]*)>", lambda head: f'{head[0]}<base href="{root}">', text, count=1)
        return Response(text, headers={**fixed, "Cache-Control": "no-cache"}, media_type="text/html; charset=utf-8")

    async def file(request: Request, name: str) -> Response:
        # Looked up and not joined, so that no name leads out of the folder.
        files = {path.name: path for path in folder.iterdir() if path.is_file()} if is_built(folder) else {}
        if name == "index.html" or name not in files:
            raise HTTPException(404, "there is no such page")
        return FileResponse(files[name], headers={**fixed, "Cache-Control": "no-cache"})

    for route in ROUTES:
        app.add_api_route(route, page, methods=["GET", "HEAD"], include_in_schema=False)
    app.mount("/assets", _Assets(folder / "assets", fixed), name="assets")
    app.add_api_route("/{name}", file, methods=["GET", "HEAD"], include_in_schema=False)
