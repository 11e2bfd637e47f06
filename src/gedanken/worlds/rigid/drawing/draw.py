"""Pictures of scenes and recordings: stills, animations, a contact sheet, and truth beside prediction.

How one frame is drawn is told in `canvas`.

States are arrays of shape (frames, bodies, 6) in the order of `Recording.states`; those of a prediction may hold NaN.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.drawing.canvas import INK, PAPER, Canvas, mix, palette
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import DT, Scene

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
    """Write an animated GIF in real time.

    Args:
        scene: what the states are of.
        states: shape (frames, bodies, 6), 60 frames a second.
        path: the file to write.
        every: draw every so many frames; 3 gives 20 pictures a second.
        width: of the picture in px.
        caption: a line below the canvas; the scene's name and level when None, and the time is added.
    """
    title = _title(scene) if caption is None else caption
    pictures = [
        still(scene, states, frame, width=width, caption=f"{title}\t{frame * DT:.2f} s")
        for frame in range(0, len(states), every)
    ]
    _write_gif(pictures, path, every)


def compare(
    scene: Scene,
    truth: Array,
    prediction: Array,
    path: Path | str,
    *,
    every: int = 3,
    width: int = 420,
) -> None:
    """Write an animated GIF of the truth beside a prediction, with outlines of and arrows to the true places.

    Args:
        scene: what both are of.
        truth: shape (frames, bodies, 6).
        prediction: the same frames as predicted; NaN where a body was not answered.
        path: the file to write.
        every: draw every so many frames.
        width: of each half in px.
    """
    pictures = []
    for frame in range(0, min(len(truth), len(prediction)), every):
        miss = np.hypot(*(prediction[frame, :, :2] - truth[frame, :, :2]).T)
        answered = np.isfinite(miss)
        error = f"{math.sqrt(float((miss[answered] ** 2).mean())):.4g} px" if answered.any() else "no answer"
        left = Canvas(width, f"{_title(scene)}, truth\t{frame * DT:.2f} s")
        left.scene(scene, truth, frame)
        right = Canvas(width, f"prediction\terror {error}")
        right.scene(scene, prediction, frame)
        right.misses(scene, truth[frame], prediction[frame])
        pictures.append(_side_by_side([left.finish(), right.finish()]))
    _write_gif(pictures, path, every)


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


def _side_by_side(pictures: Sequence["Image"]) -> "Image":
    from PIL import Image

    joined = Image.new("RGB", (sum(p.width for p in pictures) + 4 * (len(pictures) - 1), pictures[0].height), INK)
    x = 0
    for picture in pictures:
        joined.paste(picture, (x, 0))
        x += picture.width + 4
    return joined


def _write_gif(pictures: Sequence["Image"], path: Path | str, every: int) -> None:
    """One fixed palette for all frames, so that colours are right and do not flicker."""
    from PIL import Image

    shades = Image.new("P", (1, 1))
    shades.putpalette([value for colour in palette() for value in colour])
    frames = [picture.quantize(palette=shades, dither=Image.Dither.NONE) for picture in pictures]
    # The format counts hundredths of a second.
    duration = round(1000 * every * DT / 10) * 10
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=duration, loop=0)
