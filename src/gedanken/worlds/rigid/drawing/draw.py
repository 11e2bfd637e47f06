"""Pictures of scenes and recordings: stills, animations, a contact sheet.

How one frame is drawn is told in `canvas`; `film` puts the truth beside a prediction.

States are arrays of shape (frames, bodies, 6) in the order of `Recording.states`; those of a prediction may hold NaN.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.drawing.canvas import INK, PAPER, Canvas, mix
from gedanken.worlds.rigid.drawing.film import compare, write_film
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene

__all__ = ["animate", "compare", "contact_sheet", "still"]

if TYPE_CHECKING:
    from PIL.Image import Image


def still(scene: Scene, states: Array, frame: int = 0, *, width: int = 480, caption: str = "") -> "Image":
    """One frame as a picture, with trails of the frames before it.

    Args:
        scene: what the states are of.
        states: shape (frames, bodies, 6).
        frame: which one to draw.
        width: of the picture in px; the canvas keeps its aspect ratio.
        caption: a line below the canvas; empty for none.
    """
    canvas = Canvas(width, caption)
    canvas.scene(scene, states, frame)
    return canvas.finish()


def animate(
    scene: Scene, states: Array, path: Path | str, *, every: int = 3, width: int = 480, caption: str | None = None
) -> None:
    """Write an animation in real time, as GIF or MP4.

    Args:
        scene: what the states are of.
        states: shape (frames, bodies, 6), 60 frames a second unless the scene's solver says otherwise.
        path: the file to write.
        every: draw every so many frames; 3 gives 20 pictures a second.
        width: of the picture in px.
        caption: a line below the canvas; the scene's name and level when None, and the time is added.
    """
    title = _title(scene) if caption is None else caption
    pictures = [
        still(scene, states, frame, width=width, caption=f"{title}\t{frame * scene.solver.dt:.2f} s")
        for frame in range(0, len(states), every)
    ]
    write_film(pictures, path, every * scene.solver.dt)


def contact_sheet(
    names: Sequence[str],
    path: Path | str,
    level: int = 3,
    *,
    index: int = 0,
    frame: int = 50,
    columns: int = 6,
    width: int = 240,
) -> None:
    """Write one PNG with a small picture of every subject, in the order given.

    Args:
        names: scenarios.
        path: the file to write.
        level: at which they are posed.
        index: of the scenes in the training split.
        frame: which frame to show.
        columns: pictures in a row.
        width: of each in px.

    Raises:
        UserError: there is no such scenario or level.
    """
    from PIL import Image

    tiles = []
    for name in names:
        scene = scenarios.pose(name, level, index=index)
        caption = f"{name.replace('_', ' ')}\t{scene.category}"
        tiles.append(still(scene, record(scene, frame).states, frame, width=width, caption=caption))
    gutter = width // 24
    size = (width + gutter, tiles[0].height + gutter)
    rows = math.ceil(len(tiles) / columns)
    sheet = Image.new("RGB", (columns * size[0] + gutter, rows * size[1] + gutter), mix(PAPER, INK, 0.12))
    for k, tile in enumerate(tiles):
        row, column = divmod(k, columns)
        sheet.paste(tile, (gutter + column * size[0], gutter + row * size[1]))
    sheet.save(path, optimize=True)


def _title(scene: Scene) -> str:
    name = scene.name.replace("_", " ") or "scene"
    return name if scene.level is None else f"{name} · level {scene.level}"
