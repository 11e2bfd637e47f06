"""One picture of a scene: shapes, joints, fields and trails, drawn in the scene's own coordinates.

Everything is drawn with Pillow at three times the final size and scaled down, which smooths edges and is ten times
faster than a plotting library. Colours are those of M. Okabe and K. Ito (2008), "Color universal design", which people
with any colour vision tell apart.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gedanken.worlds.rigid.engine.tunnelling import half_extent
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.parts import (
    GROUND,
    Attractor,
    Body,
    Joint,
    Motor,
    Peg,
    Pin,
    Pivot,
    Segment,
    Slide,
    Spring,
    Static,
    Wind,
)
from gedanken.worlds.rigid.scene.scene import CANVAS, Scene
from gedanken.worlds.rigid.scene.shapes import Circle

if TYPE_CHECKING:
    from PIL.Image import Image

Colour = tuple[int, int, int]
Point = tuple[float, float]

PAPER: Colour = (250, 250, 247)
INK: Colour = (52, 58, 70)
FIXED: Colour = (112, 120, 134)
ROD: Colour = (130, 136, 148)
ERROR: Colour = (213, 0, 60)
BODIES: tuple[Colour, ...] = (
    (230, 159, 0),
    (0, 114, 178),
    (0, 158, 115),
    (86, 180, 233),
    (204, 121, 167),
    (213, 94, 0),
)
DRIVEN: Colour = (70, 48, 110)
BREEZE: Colour = (86, 180, 233)
PULL: Colour = (150, 110, 40)

SMOOTHING = 3
"""Factor by which pictures are drawn larger and scaled down again."""

TRAIL = 30
"""Frames that a trail goes back."""

FAR = 5000.0
"""Bodies further out than this (px) are left out."""


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with the given share of `b`."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def palette() -> list[Colour]:
    """At most 256 colours that everything drawn is near to: each in steps towards the paper and its outline."""
    shades = [mix(PAPER, colour, k / 9) for colour in BODIES for k in range(1, 10)]
    shades += [mix(colour, INK, k / 6) for colour in BODIES for k in range(1, 4)]
    shades += [mix(PAPER, colour, k / 12) for colour in (INK, FIXED, DRIVEN, BREEZE, PULL, ERROR) for k in range(1, 13)]
    return [PAPER, (255, 255, 255), *shades, *(mix(ERROR, colour, 0.5) for colour in BODIES)]


class Canvas:
    """One picture in the making; `draw` makes stills, animations and sheets of such pictures.

    Args:
        width: of the finished picture in px; the canvas keeps its aspect ratio.
        caption: a line below the canvas; empty for none. What follows a tab is set to the right.
    """

    def __init__(self, width: int, caption: str) -> None:
        from PIL import Image, ImageDraw

        self._scale = SMOOTHING * width / CANVAS[0]
        self._size = (width, round(width * CANVAS[1] / CANVAS[0]))
        self._caption = caption
        self._image = Image.new("RGB", (self._size[0] * SMOOTHING, self._size[1] * SMOOTHING), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def finish(self) -> "Image":
        """The picture at its final size, with its caption below."""
        from PIL import Image, ImageDraw, ImageFont

        small = self._image.reduce(SMOOTHING)
        if not self._caption:
            return small
        size = max(10, self._size[0] // 26)
        strip = round(1.7 * size)
        whole = Image.new("RGB", (self._size[0], self._size[1] + strip), mix(PAPER, INK, 0.06))
        whole.paste(small, (0, 0))
        draw, font = ImageDraw.Draw(whole), ImageFont.load_default(size)
        left, _, right = self._caption.partition("\t")
        middle = self._size[1] + strip // 2
        draw.text((size // 2, middle), left, INK, font, anchor="lm")
        draw.text((self._size[0] - size // 2, middle), right, mix(INK, PAPER, 0.3), font, anchor="rm")
        return whole

    def scene(self, scene: Scene, states: Array, frame: int, numbers: bool = False) -> None:
        """Fields, trails, joints, bodies and fixed geometry, from back to front; `numbers` names the bodies."""
        wells = [field for field in scene.fields if isinstance(field, Attractor)]
        if wells:
            self._wells(wells)
        for field in scene.fields:
            if isinstance(field, Wind):
                self._wind(field, frame * scene.solver.dt)
        state = states[frame]
        colours = _colours(scene)
        # A prediction may lack bodies (NaN) or send them far away, which Pillow cannot draw.
        shown = (np.abs(state[:, :5]) < FAR).all(1)
        visible = np.flatnonzero(shown).tolist()
        past = states[[*range(frame, max(-1, frame - TRAIL - 1), -2)][::-1], :, :2]
        for number in visible:
            self._trail(past[:, number], colours[number], scene.bodies[number])
        for static in scene.statics:
            self._static(static, frame * scene.solver.dt)
        for joint in scene.joints:
            if (joint.a == GROUND or shown[joint.a]) and (joint.b == GROUND or shown[joint.b]):
                self._joint(scene, joint, state, behind=True)
        for number in visible:
            self._body(scene.bodies[number], state[number], colours[number])
        for joint in scene.joints:
            if (joint.a == GROUND or shown[joint.a]) and (joint.b == GROUND or shown[joint.b]):
                self._joint(scene, joint, state, behind=False)
        if numbers:
            for number in visible:
                self._number(number, scene.bodies[number], state[number], colours[number])

    def _number(self, number: int, body: Body, state: Array, colour: Colour) -> None:
        """The number by which texts and feedback call a body, in its middle, as large as fits."""
        from PIL import ImageFont

        room = 2 * half_extent(body)
        size = min(14.0, 0.8 * room, 1.5 * room / len(str(number))) * self._scale
        # Below nine pixels of the finished picture nobody can read it.
        size = max(size, 9.0 * SMOOTHING)
        x, y = self._at(float(state[0]), float(state[1]))
        light = sum(colour) > 380
        edge = PAPER if light else INK
        self._draw.text(
            (x, y),
            str(number),
            INK if light else PAPER,
            ImageFont.load_default(size),
            anchor="mm",
            stroke_width=max(1, round(0.3 * SMOOTHING)),
            stroke_fill=mix(colour, edge, 0.5),
        )

    def misses(self, scene: Scene, truth: Array, prediction: Array) -> None:
        """The true outline, and an arrow to it, of every body that is predicted more than 2 px away."""
        for body, (x, y, _, _, angle, _), (px, py) in zip(
            scene.bodies, truth.tolist(), prediction[:, :2].tolist(), strict=True
        ):
            # Written so that it holds for a body that was not answered (NaN), too; that one gets no arrow.
            if not math.hypot(x - px, y - py) <= 2.0:
                there = body.at(x, y, angle)
                if isinstance(body.shape, Circle):
                    self._disc(x, y, body.shape.radius, None, ERROR, 1.4)
                else:
                    self._line([*there.outline, there.outline[0]], ERROR, 1.4)
                if max(abs(px), abs(py)) < FAR:
                    self._arrow((px, py), (x, y), ERROR, 2.5)

    def _at(self, x: float, y: float) -> Point:
        return (x * self._scale, (CANVAS[1] - y) * self._scale)

    def _line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        self._draw.line([self._at(*p) for p in points], colour, max(1, round(width * self._scale)), joint="curve")

    def _disc(self, x: float, y: float, radius: float, fill: Colour | None, edge: Colour | None, width: float) -> None:
        px, py = self._at(x, y)
        r = radius * self._scale
        self._draw.ellipse((px - r, py - r, px + r, py + r), fill, edge, max(1, round(width * self._scale)))

    def _polygon(self, points: Sequence[Point], fill: Colour, edge: Colour | None = None, width: float = 0.0) -> None:
        corners = [self._at(*p) for p in points]
        self._draw.polygon(corners, fill)
        if edge is not None:
            # Drawn as a line and not as the polygon's outline: Pillow's outline grows inwards and outwards unevenly.
            self._draw.line([*corners, *corners[:2]], edge, max(1, round(width * self._scale)), joint="curve")

    def _arrow(self, start: Point, end: Point, colour: Colour, width: float) -> None:
        dx, dy = end[0] - start[0], end[1] - start[1]
        length = math.hypot(dx, dy)
        if length == 0:
            return
        ux, uy = dx / length, dy / length
        head = min(4 * width, length)
        neck = (end[0] - head * ux, end[1] - head * uy)
        self._line([start, neck], colour, width)
        side = 0.6 * head
        self._polygon(
            [end, (neck[0] - side * uy, neck[1] + side * ux), (neck[0] + side * uy, neck[1] - side * ux)], colour
        )

    def _trail(self, path: Array, colour: Colour, body: Body) -> None:
        """The way that a body came, from the oldest place to the latest, fading with age."""
        if np.isnan(path).any() or np.abs(path).max() > FAR or np.abs(path - path[-1]).max() < 2.0:
            return
        extent = body.shape.radius or min(math.hypot(*p) for p in body.shape.core)
        points = [self._at(x, y) for x, y in path.tolist()]
        for k in range(1, len(points)):
            fresh = k / len(points)
            width = min(6.0, 0.6 * extent) * (0.3 + 0.7 * fresh) * self._scale
            x, y = (round(value) for value in points[k])
            inside = 0 <= x < self._image.width and 0 <= y < self._image.height
            ground = self._image.getpixel((x, y)) if inside else PAPER
            self._draw.line(points[k - 1 : k + 1], mix(ground, colour, 0.05 + 0.45 * fresh**1.5), max(1, round(width)))

    def _body(self, body: Body, state: Array, colour: Colour) -> None:
        here = body.at(float(state[0]), float(state[1]), float(state[4]))
        edge = mix(colour, INK, 0.55)
        if isinstance(body.shape, Circle):
            radius = body.shape.radius
            self._disc(here.x, here.y, radius, colour, edge, min(1.6, 0.2 * radius))
            if body.rotates:
                self._line([(here.x, here.y), here.world(0.8 * radius, 0)], edge, min(1.6, 0.2 * radius))
        else:
            self._polygon(here.outline, colour, edge, 1.4)

    def _static(self, static: Static, time: float) -> None:
        match static:
            case Segment():
                a, b = (static.ax, static.ay), (static.bx, static.by)
                width = max(static.radius, 1.0)
                self._line([a, b], FIXED, 2 * width)
                for x, y in (a, b):
                    self._disc(x, y, width, FIXED, None, 0)
                if static.belt:
                    self._belt(static, time)
            case Peg():
                self._disc(static.x, static.y, static.radius, FIXED, None, 0)
            case _:
                self._polygon(static.vertices, FIXED)

    def _belt(self, belt: Segment, time: float) -> None:
        """Chevrons that travel with the belt's surface."""
        length = math.hypot(belt.bx - belt.ax, belt.by - belt.ay)
        ux, uy = (belt.bx - belt.ax) / length, (belt.by - belt.ay) / length
        size, pitch = 0.55 * belt.radius, 5.0 * belt.radius
        forward = math.copysign(size, belt.belt)
        for k in range(int(length // pitch)):
            s = (k * pitch + belt.belt * time) % (pitch * (length // pitch)) + size
            x, y = belt.ax + s * ux, belt.ay + s * uy
            tip = (x + forward * ux, y + forward * uy)
            wings = [(x - sign * size * uy, y + sign * size * ux) for sign in (-1, 1)]
            self._line([wings[0], tip, wings[1]], mix(PAPER, BODIES[0], 0.5), 0.3 * belt.radius)

    def _wind(self, wind: Wind, time: float) -> None:
        zone = [(wind.left, wind.bottom), (wind.right, wind.bottom), (wind.right, wind.top), (wind.left, wind.top)]
        self._polygon(zone, mix(PAPER, BREEZE, 0.12))
        strength = math.hypot(wind.fx, wind.fy)
        if strength == 0:
            return
        ux, uy = wind.fx / strength, wind.fy / strength
        pitch, colour = 70.0, mix(PAPER, BREEZE, 0.45)
        drift = (150 * time) % pitch
        for row in range(-1, int((wind.top - wind.bottom) / pitch) + 2):
            for column in range(-1, int((wind.right - wind.left) / pitch) + 2):
                x = wind.left + (column + 0.5 * (row % 2)) * pitch + drift * ux
                y = wind.bottom + row * pitch + drift * uy
                tip = (x + 30 * ux, y + 30 * uy)
                if all(
                    wind.left + 4 < p < wind.right - 4 and wind.bottom + 4 < q < wind.top - 4 for p, q in ((x, y), tip)
                ):
                    self._arrow((x, y), tip, colour, 2.0)

    def _wells(self, wells: Sequence[Attractor]) -> None:
        """Bands of equal potential, darker towards an attracting point; around a repelling one they are blue."""
        from PIL import Image

        columns, rows = 200, 150
        x = (np.arange(columns) + 0.5) * CANVAS[0] / columns
        y = CANVAS[1] - (np.arange(rows) + 0.5) * CANVAS[1] / rows
        depth = np.zeros((rows, columns))
        for well in wells:
            # Softened for the picture, so that a point's infinite depth does not leave all else pale.
            soften = max(well.softening, 60.0)
            depth += well.strength / np.sqrt((x - well.x) ** 2 + (y[:, None] - well.y) ** 2 + soften**2)
        share = np.abs(depth) / np.abs(depth).max()
        share = 0.45 * np.floor(9 * share**1.3) / 9
        colour = np.where((depth > 0)[..., None], PULL, BREEZE)
        pixels = np.rint(np.array(PAPER) * (1 - share[..., None]) + colour * share[..., None]).astype(np.uint8)
        self._image.paste(Image.fromarray(pixels).resize(self._image.size, Image.Resampling.BICUBIC))

    def _joint(self, scene: Scene, joint: Joint, state: Array, *, behind: bool) -> None:
        """Rods, ropes and springs go behind the bodies, hinges and motors in front."""
        anchors = ((0.0, 0.0), (0.0, 0.0)) if isinstance(joint, Motor) else (joint.anchor_a, joint.anchor_b)
        ends: list[Point] = []
        for number, anchor in zip((joint.a, joint.b), anchors, strict=True):
            if number == GROUND:
                ends.append(anchor)
            else:
                x, y, _, _, angle, _ = state[number].tolist()
                ends.append(scene.bodies[number].at(x, y, angle).world(*anchor))
        match joint:
            case Pin() | Slide() | Spring() if behind:
                if isinstance(joint, Spring):
                    self._line(_zigzag(ends[0], ends[1]), ROD, 2.0)
                else:
                    self._line(ends, ROD, 2.0 if isinstance(joint, Pin) else 1.2)
            case Pin() | Slide() | Spring():
                for number, (x, y) in zip((joint.a, joint.b), ends, strict=True):
                    self._disc(x, y, 4.0 if number == GROUND else 2.0, INK if number == GROUND else ROD, None, 0)
            case Pivot() if not behind:
                self._disc(*ends[0], 4.0 if GROUND in (joint.a, joint.b) else 2.0, PAPER, INK, 1.2)
            case Motor() if not behind:
                x, y = ends[1] if joint.b != GROUND else ends[0]
                self._disc(x, y, 7.0, None, INK, 1.6)
                sign = math.copysign(1.0, joint.rate)
                self._arrow((x + 7.0, y - 3.0 * sign), (x + 7.0, y + 6.0 * sign), INK, 1.6)
            case _:
                pass


def _zigzag(a: Point, b: Point, turns: int = 8, width: float = 5.0) -> list[Point]:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / length * width, dx / length * width
    inner = [
        (a[0] + dx * s + nx * sign, a[1] + dy * s + ny * sign)
        for s, sign in (((k + 0.5) / turns, 1 if k % 2 else -1) for k in range(turns))
    ]
    return [a, *inner, b]


def _colours(scene: Scene) -> list[Colour]:
    """A colour for each body: of its role, where the scene tells roles; driven bodies are dark.

    Elsewhere bodies cycle through the palette, one colour for what joints connect.
    """
    roles = list(dict.fromkeys(body.role for body in scene.bodies if body.role and not body.kinematic))
    if roles:
        names = {role: BODIES[k % len(BODIES)] for k, role in enumerate(roles)}
        plain = BODIES[len(roles) % len(BODIES)]
        return [DRIVEN if body.kinematic else names.get(body.role, plain) for body in scene.bodies]
    leader = list(range(len(scene.bodies)))

    def find(number: int) -> int:
        while leader[number] != number:
            number = leader[number]
        return number

    for joint in scene.joints:
        if GROUND not in (joint.a, joint.b):
            first, second = sorted((find(joint.a), find(joint.b)))
            leader[second] = first
    order = {root: k for k, root in enumerate(dict.fromkeys(find(k) for k in range(len(leader))))}
    return [
        DRIVEN if body.kinematic else BODIES[order[find(number)] % len(BODIES)]
        for number, body in enumerate(scene.bodies)
    ]


def legend_of(scene: Scene) -> list[tuple[str, Colour]]:
    """What the colours of a picture stand for: roles where the scene tells them, and what is driven or fixed."""
    colours = _colours(scene)
    told: dict[str, Colour] = {}
    for body, colour in zip(scene.bodies, colours, strict=True):
        name = body.role or ("driven body" if body.kinematic else "")
        if name:
            told.setdefault(f"{name}, driven" if body.role and body.kinematic else name, colour)
    if not any(body.role for body in scene.bodies):
        free = [colour for body, colour in zip(scene.bodies, colours, strict=True) if not body.kinematic]
        joined = any(GROUND not in (joint.a, joint.b) for joint in scene.joints)
        if free:
            told = {"bodies, one colour for what is joined" if joined else "bodies, by number": free[0]} | told
    if scene.statics:
        told["fixed"] = FIXED
    if scene.joints:
        told["joint"] = ROD
    if any(isinstance(field, Wind) for field in scene.fields):
        told["wind"] = BREEZE
    if any(isinstance(field, Attractor) for field in scene.fields):
        told["attraction"] = PULL
    return list(told.items())
