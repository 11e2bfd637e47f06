"""Truth beside prediction as an animation: GIF, or MP4 through FFmpeg, with a legend and curves of what goes wrong."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gedanken.errors import UserError
from gedanken.worlds.rigid.drawing.canvas import ERROR, INK, PAPER, Canvas, Colour, legend_of, mix, palette
from gedanken.worlds.rigid.engine import invariants
from gedanken.worlds.rigid.engine.simulate import Recording
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".gif", ".mp4")

WIDTHS = (120, 1600)
"""Smallest and largest width of a picture (px)."""

GUTTER = 4
"""Between two pictures (px)."""


def check_film(path: Path, width: int) -> None:
    """Refuse, before anything is simulated, what could not be written afterwards.

    Raises:
        UserError: the suffix is of no film, FFmpeg is not there, the size is out of range, or the folder cannot be
            written to.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path} ends with {path.suffix or 'nothing'}; a film is {' or '.join(SUFFIXES)}")
    if not WIDTHS[0] <= width <= WIDTHS[1]:
        raise UserError(f"a picture is {WIDTHS[0]} to {WIDTHS[1]} px wide, not {width}")
    if path.suffix.lower() == ".mp4":
        _ffmpeg()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise UserError(f"{path} cannot be written")


def _ffmpeg() -> Any:
    try:
        import imageio_ffmpeg
    except ImportError:
        raise UserError("MP4 needs FFmpeg: pip install 'gedanken[video]'; GIF needs nothing") from None
    return imageio_ffmpeg


def compare(
    scene: Scene,
    truth: Array,
    prediction: Array,
    path: Path | str,
    *,
    every: int = 3,
    width: int = 420,
    player: str = "",
    truth_is: str = "the truth",
    first: int = 0,
    curves: bool = True,
) -> None:
    """Write a film of the truth beside a prediction, with outlines of and arrows to the true places.

    Below stand a legend, and curves of the position error and of both total energies over time.

    Args:
        scene: what both are of.
        truth: shape (frames, bodies, 6).
        prediction: the same frames as predicted; NaN where a body was not answered.
        path: the file to write, .gif or .mp4.
        every: draw every so many frames.
        width: of each half in px.
        player: who predicted.
        truth_is: what stands on the left.
        first: number of the first frame, which the time is counted from.
        curves: draw the curves.
    """
    check_film(Path(path), width)
    frames = min(len(truth), len(prediction))
    dt = scene.solver.dt
    truth, prediction = truth[:frames], prediction[:frames]
    miss = np.hypot(*np.moveaxis(prediction[:, :, :2] - truth[:, :, :2], 2, 0))
    footer = _footer(scene, truth, prediction, miss, first, 2 * width + GUTTER, player, curves)
    title = scene.name.replace("_", " ") or "scene"
    title = title if scene.level is None else f"{title} · level {scene.level}"

    def pictures() -> Iterator["Image"]:
        for frame in range(0, frames, every):
            answered = np.isfinite(miss[frame])
            error = f"{math.sqrt(float((miss[frame][answered] ** 2).mean())):.4g} px" if answered.any() else "no answer"
            left = Canvas(width, f"{title}, {truth_is}\t{(first + frame) * dt:.2f} s")
            left.scene(scene, truth, frame, numbers=True)
            right = Canvas(width, f"{player or 'prediction'}\terror {error}")
            right.scene(scene, prediction, frame, numbers=True)
            right.misses(scene, truth[frame], prediction[frame])
            halves = side_by_side([left.finish(), right.finish()])
            yield _under(halves, footer, frame / max(1, frames - 1))

    write_film(list(pictures()), path, every * dt)


# Left and right end of a curve's axes, as shares of its picture's width.
_AXES = (0.16, 0.97)


def _footer(
    scene: Scene, truth: Array, prediction: Array, miss: Array, first: int, width: int, player: str, curves: bool
) -> tuple["Image", list[tuple[int, int, int, int]]]:
    """The strip below the pictures, and where in it the cursors of time go: (left, right, top, bottom) each."""
    from PIL import Image, ImageDraw, ImageFont

    size = max(9, width // 64)
    font = ImageFont.load_default(size)
    entries = [*legend_of(scene), ("true place of a missed body", ERROR)]
    rows: list[list[tuple[str, Colour]]] = [[]]
    used = 0.0
    for text, colour in entries:
        room = font.getlength(text) + 3 * size
        if rows[-1] and used + room > width - size:
            rows.append([])
            used = 0.0
        rows[-1].append((text, colour))
        used += room
    height = round(1.9 * size * len(rows)) + size // 2
    plot = round(0.16 * width) if curves and len(truth) > 1 else 0
    strip = Image.new("RGB", (width, height + plot), PAPER)
    draw = ImageDraw.Draw(strip)
    for number, row in enumerate(rows):
        x, y = float(size), round((number + 0.7) * 1.9 * size)
        for text, colour in row:
            draw.rectangle((x, y - size // 2, x + size, y + size // 2), colour, mix(colour, INK, 0.5))
            draw.text((x + 1.5 * size, y), text, INK, font, anchor="lm")
            x += font.getlength(text) + 3 * size
    if not plot:
        return strip, []
    time = (first + np.arange(len(truth))) * scene.solver.dt
    rms = np.sqrt(np.nanmean(np.where(np.isfinite(miss), np.minimum(miss, 1e4), 0.0) ** 2, axis=1))
    bounded = np.clip(np.nan_to_num(prediction), -1e5, 1e5)
    energies = [invariants.measure(Recording(scene, states))["energy"] for states in (truth, bounded)]
    # A prediction that explodes must not press the truth into a line.
    span = float(np.ptp(energies[0])) or float(np.abs(energies[0]).max()) or 1.0
    low, high = float(energies[0].min()) - span, float(energies[0].max()) + span
    half = width // 2
    panels = [
        ("position error (px)", [(rms, ERROR)], 0.0, max(float(rms.max()), 1e-3)),
        (
            "energy: truth, dark; prediction, red",
            [(np.clip(energies[1], low, high), ERROR), (energies[0], INK)],
            low,
            high,
        ),
    ]
    cursors = []
    for number, (title, lines, bottom, top) in enumerate(panels):
        left, right = number * half + round(_AXES[0] * half), number * half + round(_AXES[1] * half)
        box = (left, right, height + round(1.3 * size), height + plot - round(1.5 * size))
        _plot(draw, font, size, box, title, lines, bottom, top, float(time[0]), float(time[-1]))
        cursors.append(box)
    return strip, cursors


def _plot(draw, font, size, box, title, lines, bottom, top, start, end) -> None:  # type: ignore[no-untyped-def]
    """One panel: a frame, curves, and the two ends of either axis."""
    left, right, upper, lower = box
    grey = mix(INK, PAPER, 0.3)
    draw.text((left, upper - size * 0.7), title, INK, font, anchor="lm")
    draw.rectangle((left, upper, right, lower), None, mix(INK, PAPER, 0.6))
    for value, y in ((top, upper), (bottom, lower)):
        draw.text((left - size // 3, y), f"{value:.3g}", grey, font, anchor="rm")
    for value, x, anchor in ((start, left, "lm"), (end, right, "rm")):
        draw.text((x, lower + 0.8 * size), f"{value:.2f} s", grey, font, anchor=anchor)
    for values, colour in lines:
        share = (np.asarray(values) - bottom) / ((top - bottom) or 1.0)
        x = np.linspace(left, right, len(values))
        y = lower - np.clip(share, 0, 1) * (lower - upper)
        draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), colour, max(1, size // 6))


def _under(picture: "Image", footer: tuple["Image", list[tuple[int, int, int, int]]], share: float) -> "Image":
    from PIL import Image, ImageDraw

    strip, cursors = footer
    whole = Image.new("RGB", (picture.width, picture.height + strip.height), PAPER)
    whole.paste(picture, (0, 0))
    whole.paste(strip, (0, picture.height))
    draw = ImageDraw.Draw(whole)
    for left, right, upper, lower in cursors:
        x = left + share * (right - left)
        draw.line([(x, picture.height + upper), (x, picture.height + lower)], mix(INK, PAPER, 0.3), 1)
    return whole


def side_by_side(pictures: list["Image"]) -> "Image":
    """Pictures in a row."""
    from PIL import Image

    joined = Image.new("RGB", (sum(p.width for p in pictures) + GUTTER * (len(pictures) - 1), pictures[0].height), INK)
    x = 0
    for picture in pictures:
        joined.paste(picture, (x, 0))
        x += picture.width + GUTTER
    return joined


def write_film(pictures: list["Image"], path: Path | str, seconds: float) -> None:
    """Write pictures as an animation that shows each for so many seconds.

    Raises:
        UserError: the suffix is of no film, or the film cannot be written.
    """
    path = Path(path)
    check_film(path, WIDTHS[0])
    try:
        if path.suffix.lower() == ".mp4":
            _write_mp4(pictures, path, seconds)
        else:
            _write_gif(pictures, path, seconds)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from error


def _write_gif(pictures: list["Image"], path: Path, seconds: float) -> None:
    """One fixed palette for all frames, so that colours are right and do not flicker."""
    from PIL import Image

    shades = Image.new("P", (1, 1))
    shades.putpalette([value for colour in palette() for value in colour])
    frames = [picture.quantize(palette=shades, dither=Image.Dither.NONE) for picture in pictures]
    # The format counts hundredths of a second, and players take less than two for ten: ends are rounded, not lengths,
    # so that the whole lasts as long as it should.
    ends = np.maximum.accumulate(np.rint(100 * seconds * np.arange(len(frames) + 1)))
    lengths = np.maximum(np.diff(ends), 2).astype(int) * 10
    duration: int | list[int] = lengths.tolist() if len(set(lengths)) > 1 else int(lengths[0])
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=duration, loop=0)


def _write_mp4(pictures: list["Image"], path: Path, seconds: float) -> None:
    """H.264, which wants even sizes."""
    from PIL import Image

    width, height = (side + side % 2 for side in pictures[0].size)
    # Not `staged_file`: FFmpeg takes the format from the name and seeks in the file.
    staged = path.with_name(f".{path.stem}.unfinished.mp4")
    try:
        writer = _ffmpeg().write_frames(
            str(staged), (width, height), fps=1 / seconds, macro_block_size=2, quality=7, ffmpeg_log_level="error"
        )
        writer.send(None)
        for picture in pictures:
            even = Image.new("RGB", (width, height), PAPER)
            even.paste(picture, (0, 0))
            writer.send(even.tobytes())
        writer.close()
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
