# mypy: allow-untyped-decorators
"""Pairs of shapes that may touch, as one of them sees the other, and rows of the contacts that are said of them.

Collision detection has a broad and a narrow phase: which pairs are near, and where such a pair touches. Here is the
first, and what Chipmunk makes of the answer to the second, a *manifold*: a normal, and one or two points with their
depths. Who finds the manifold is left open.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.couplings import Physics, Rows
from gedanken.worlds.rigid.scene.geometry import Array, separation
from gedanken.worlds.rigid.scene.parts import Block, Body, Peg, Segment, Static
from gedanken.worlds.rigid.scene.scene import OVERLAP, Scene
from gedanken.worlds.rigid.scene.shapes import Box, Circle

SEGMENT, BOX, POLYGON, CIRCLE = range(4)
KINDS = ("segment", "box", "polygon", "circle")
"""Of a pair, the shape whose kind comes first here looks at the other."""

NEAR = 4.0
"""Pairs whose bounding boxes come closer than this (px) are near."""


@dataclass(frozen=True, eq=False)
class Manifold:
    """Where two shapes touch.

    Attributes:
        first: number of the shape from which the normal points; statics follow the bodies.
        second: number of the other.
        normal: unit vector.
        points: midway between the two surfaces, shape (1 or 2, 2), px.
        depths: overlap at each, px.
    """

    first: int
    second: int
    normal: tuple[float, float]
    points: Array
    depths: Array


@dataclass(frozen=True, eq=False)
class Near:
    """A pair of shapes, the second as the first sees it.

    y points to where the second lies farthest beyond the first: out of a wall or a box along one of its axes, out of
    another polygon across one of its sides, and from one disc to another. The origin is the centre of the first, and of
    a polygon the middle of that side. Left and right are exchanged where that gives the second a negative x.

    Attributes:
        first: number of the shape that looks.
        second: number of the other.
        kinds: of `KINDS`.
        sizes: half length and radius of a segment, half width and half height of a box (of a second box the width is
            the side that is at most 45 degrees from x), radius of a disc and 0, half length of the side of a first
            polygon and 0.
        corners: of a first polygon the corner that follows on the right end of the side, shape (1, 2); of a second one
            all, relative to its centre, shape (corners, 2); of other shapes none.
        place: centre of the second, px.
        turn: of a second box, degrees from -45 to 45.
        motion: velocity of the second centre relative to the first, px/s, and both spins, rad/s.
        origin: of this view.
        axes: rows are x and y of this view, shape (2, 2).
    """

    first: int
    second: int
    kinds: tuple[int, int]
    sizes: tuple[tuple[float, float], tuple[float, float]]
    corners: tuple[Array, Array]
    place: tuple[float, float]
    turn: float
    motion: tuple[float, float, float, float]
    origin: tuple[float, float]
    axes: Array

    @property
    def distances(self) -> tuple[float, float]:
        """How far the second lies beyond the right and the upper side of the first, px; negative where it reaches over.

        Of a segment and a disc these are sides of their bounding boxes, of a polygon the end of its side and the side.
        """
        (width, height), kind = self.sizes[0], self.kinds[0]
        right = width + height if kind == SEGMENT else width
        upper = width if kind == CIRCLE else height
        kind, size = self.kinds[1], self.sizes[1]
        left, low = _reach(np.eye(2), kind, size, self.corners[1], math.radians(self.turn)).tolist()
        return self.place[0] - left - right, self.place[1] - low - upper

    def tell(self, manifold: Manifold) -> tuple[float, Array]:
        """A manifold as it looks from here: the normal's direction, degrees from 0 to 360, and a line for each point.

        A line is the point relative to the centre of the second, px, and its depth, shape (points, 3). They are in the
        order in which they lie from the normal's right to its left.
        """
        sign = 1.0 if manifold.first == self.first else -1.0
        nx, ny = self.axes @ np.array(manifold.normal) * sign
        offsets = (manifold.points - self.origin) @ self.axes.T - self.place
        order = np.argsort(offsets[:, 1] * nx - offsets[:, 0] * ny, kind="stable")
        return math.degrees(math.atan2(ny, nx)) % 360.0, np.column_stack([offsets, manifold.depths])[order]

    def hear(self, direction: float, lines: Array) -> Manifold:
        """The manifold that `tell` tells."""
        angle = math.radians(direction)
        normal = np.array([math.cos(angle), math.sin(angle)]) @ self.axes
        points = (lines[:, :2] + self.place) @ self.axes + self.origin
        return Manifold(self.first, self.second, (float(normal[0]), float(normal[1])), points, lines[:, 2])


class Shapes:
    """The shapes of a scene, which of them may touch, and what their contacts are like."""

    def __init__(self, scene: Scene):
        things: list[Body | Static] = [*scene.bodies, *scene.statics]
        self._count = len(scene.bodies)
        forms = [_form(thing) for thing in things]
        self._kinds = [form[0] for form in forms]
        self._sizes = [form[1] for form in forms]
        self._corners = [form[2] for form in forms]
        self._poses = np.array([form[3] for form in forms]).reshape(-1, 3)
        self._reach_of = np.array([np.hypot(*form[2].T).max() + form[4] for form in forms])
        self._radii = np.array([form[4] for form in forms])
        self._friction = np.array([thing.friction for thing in things])
        self._elasticity = np.array([thing.elasticity for thing in things])
        self._belts = np.array(
            [thing.surface if isinstance(thing, Segment) else (0.0, 0.0) for thing in things]
        ).reshape(-1, 2)
        fixed = np.array([body.kinematic for body in scene.bodies] + [True] * len(scene.statics))
        groups = np.array([body.group for body in scene.bodies] + [0] * len(scene.statics))
        self._allowed = ~(fixed[:, None] & fixed) & ~((groups[:, None] == groups) & (groups != 0))
        # All statics are one body of Chipmunk's, and a joint to the ground is a joint to it.
        ends = [*range(self._count), *[-1] * len(scene.statics)]
        for joint in scene.joints:
            if not joint.collide:
                one, other = (np.equal(ends, end) for end in (joint.a, joint.b))
                self._allowed &= ~((one[:, None] & other) | (other[:, None] & one))
        self._allowed = np.triu(self._allowed, 1)

    def look(self, flown: Array) -> list[Near]:
        """The pairs that are near.

        Args:
            flown: state after the step's motion without impulses, shape (n, 6).
        """
        poses = np.concatenate([flown[:, [0, 1, 4]], self._poses[self._count :]])
        boxes = np.array([_bound(*pose, *form) for pose, *form in zip(poses, self._corners, self._radii, strict=True)])
        low, high = boxes[:, None, :2] - NEAR, boxes[:, None, 2:] + NEAR
        near = self._allowed & (low < boxes[None, :, 2:]).all(2) & (high > boxes[None, :, :2]).all(2)
        rates = np.zeros((len(poses), 3))
        rates[: self._count] = flown[:, [2, 3, 5]]
        return [self._see(i, j, poses, rates) for i, j in np.argwhere(near).tolist()]

    def separate(self, near: Near, flown: Array) -> float:
        """How far the shapes of a pair are apart, px; minus the depth of the overlap where they do."""
        cores = []
        for number in (near.first, near.second):
            x, y, angle = (flown[number, [0, 1, 4]] if number < self._count else self._poses[number]).tolist()
            cores += [_turn(self._corners[number], angle) + np.array([x, y]), self._radii[number]]
        return float(separation(*cores))

    def _see(self, i: int, j: int, poses: Array, rates: Array) -> Near:
        first, second = sorted((i, j), key=self._rank)
        kinds = self._kinds[first], self._kinds[second]
        size, other, tilt = self._sizes[first], self._sizes[second], float(poses[second, 2])
        origin, axes = self._frame(first, second, poses)
        place = axes @ (poses[second, :2] - origin)
        flips = np.where((place < -1e-9) & [True, kinds[0] in (SEGMENT, BOX)], -1.0, 1.0)
        axes, place = axes * flips[:, None], place * flips
        if kinds[0] == BOX:
            reach = _reach(axes, kinds[1], other, self._corners[second], tilt)
            right, upper = place - reach - size
            if right > upper:
                axes, place, size = axes[::-1], place[::-1], size[::-1]
        corners = [np.empty((0, 2)), np.empty((0, 2))]
        if kinds[0] == POLYGON:
            outline = (_turn(self._corners[first], poses[first, 2]) + poses[first, :2] - origin) @ axes.T
            # The side is what lies on the x axis; in one direction or the other the outline goes on from its right end.
            right = int(np.lexsort((-outline[:, 0], np.abs(outline[:, 1]) > 1e-9 * self._reach_of[first]))[0])
            size = (float(outline[right, 0]), 0.0)
            around = outline[[right - 1, (right + 1) % len(outline)]]
            corners[0] = around[np.argmin(around[:, 1])][None]
        along = axes @ (math.cos(tilt), math.sin(tilt))
        degrees = 0.0
        if kinds[1] == BOX:
            turn = math.degrees(math.atan2(along[1], along[0]))
            quarters = round(turn / 90.0)
            degrees = turn - 90.0 * quarters
            if quarters % 2:
                other = other[::-1]
        elif kinds[1] == POLYGON:
            corners[1] = _turn(self._corners[second], tilt) @ axes.T
        mirror = axes[0, 0] * axes[1, 1] - axes[0, 1] * axes[1, 0]
        speed = axes @ (rates[second, :2] - rates[first, :2])
        return Near(
            first,
            second,
            kinds,
            ((float(size[0]), float(size[1])), (float(other[0]), float(other[1]))),
            (corners[0], corners[1]),
            (float(place[0]), float(place[1])),
            degrees,
            (float(speed[0]), float(speed[1]), float(mirror * rates[first, 2]), float(mirror * rates[second, 2])),
            (float(origin[0]), float(origin[1])),
            axes,
        )

    def _frame(self, first: int, second: int, poses: Array) -> tuple[Array, Array]:
        """Origin and axes of a view before anything is exchanged."""
        centre, angle = poses[first, :2], float(poses[first, 2])
        if self._kinds[first] == POLYGON:
            corners = _turn(self._corners[first], angle) + centre
            sides = np.roll(corners, -1, 0) - corners
            normals = np.column_stack([sides[:, 1], -sides[:, 0]]) / np.hypot(*sides.T)[:, None]
            reach = _reach(normals, self._kinds[second], self._sizes[second], self._corners[second], poses[second, 2])
            beyond = normals @ poses[second, :2] - reach - (normals * corners).sum(1)
            side = int(beyond.argmax())
            nx, ny = normals[side].tolist()
            return corners[side] + sides[side] / 2, np.array([[ny, -nx], [nx, ny]])
        if self._kinds[first] == CIRCLE:
            away = poses[second, :2] - centre
            angle = math.atan2(away[1], away[0]) - math.pi / 2
        return centre, np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])

    def _rank(self, number: int) -> tuple[int, float, int]:
        return self._kinds[number], -float(self._reach_of[number]), number

    def read(self, rows: Rows, flown: Array) -> list[Manifold]:
        """The manifolds of contact rows, those of one pair side by side."""
        found: list[Manifold] = []
        k = 0
        while k < len(rows):
            a, b = int(rows[k, c.A]), int(rows[k, c.B])
            count = 1 + int(k + 1 < len(rows) and rows[k + 1, c.A] == a and rows[k + 1, c.B] == b)
            part = rows[k : k + count]
            normal = part[0, [c.NX, c.NY]]
            one = flown[a, :2] + part[:, [c.R1X, c.R1Y]]
            other = part[:, [c.R2X, c.R2Y]] + (flown[b, :2] if b < self._count else 0.0)
            found.append(Manifold(a, b, (normal[0], normal[1]), (one + other) / 2, (one - other) @ normal))
            k += count
        return found

    def write(self, manifolds: list[Manifold], before: Array, flown: Array, physics: Physics) -> Rows:
        """Contacts as the rows of a step.

        Args:
            manifolds: what touches where; a pair has one at most.
            before: state at the beginning of the step, shape (n, 6).
            flown: state after its motion without impulses.
            physics: of the scene.
        """
        rows = [row for found in manifolds for row in self._write(found, before, flown, physics)]
        table = np.array(rows).reshape(-1, c.COLUMNS)
        return table[np.lexsort((table[:, c.POINT], table[:, c.B], table[:, c.A]))]

    def _write(self, found: Manifold, before: Array, flown: Array, physics: Physics) -> list[Array]:
        masses, count = physics.masses, self._count
        a, b = sorted((found.first, found.second))
        if b < count and masses[a, 0] == 0.0:
            a, b = b, a
        normal = np.array(found.normal) * (1.0 if a == found.first else -1.0)
        elasticity = self._elasticity[a] * self._elasticity[b]
        belt = self._belts[b] - self._belts[a]
        belt = belt - normal * (belt @ normal)
        close = (1.0 - c.GAP_LEFT ** (60.0 * physics.dt)) / physics.dt
        across = found.points @ np.array([-normal[1], normal[0]])
        rows = []
        for number, k in enumerate(np.argsort(across, kind="stable").tolist()):
            row = np.zeros(c.COLUMNS)
            half = 0.5 * found.depths[k] * normal
            row[[c.KIND, c.A, c.B, c.POINT]] = c.CONTACT, a, b, number
            row[[c.NX, c.NY]] = normal
            row[[c.R1X, c.R1Y]] = arm = found.points[k] + half - flown[a, :2]
            row[[c.R2X, c.R2Y]] = other = found.points[k] - half - (flown[b, :2] if b < count else 0.0)
            row[c.N_MASS] = c.effective_mass(masses, a, b, *arm, *other, *normal)
            row[c.T_MASS] = c.effective_mass(masses, a, b, *arm, *other, -normal[1], normal[0])
            row[c.WANT] = -elasticity * c.speeds(before, masses, row)[0]
            row[c.PUSH] = close * max(0.0, found.depths[k] - OVERLAP)
            row[c.FRICTION] = self._friction[a] * self._friction[b]
            row[[c.BELT_X, c.BELT_Y]] = belt
            rows.append(row)
        return rows


def _form(thing: Body | Static) -> tuple[int, tuple[float, float], Array, tuple[float, float, float], float]:
    """Kind, sizes, outline about the centre, pose (of a static) and radius."""
    match thing:
        case Segment():
            ends = np.array(thing.outline)
            x, y = ends.mean(0).tolist()
            dx, dy = (ends[1] - ends[0]).tolist()
            half = math.hypot(dx, dy) / 2
            outline = np.array([(-half, 0.0), (half, 0.0)])
            return SEGMENT, (half, thing.radius), outline, (x, y, math.atan2(dy, dx)), thing.radius
        case Peg():
            return CIRCLE, (thing.radius, 0.0), np.zeros((1, 2)), (thing.x, thing.y, 0.0), thing.radius
        case Block():
            return _block(np.array(thing.vertices))
    pose = (0.0, 0.0, 0.0)
    outline = np.array(thing.shape.core)
    match thing.shape:
        case Circle(radius):
            return CIRCLE, (radius, 0.0), outline, pose, radius
        case Box(width, height):
            return BOX, (width / 2, height / 2), outline, pose, 0.0
    return POLYGON, (0.0, 0.0), outline, pose, 0.0


def _block(corners: Array) -> tuple[int, tuple[float, float], Array, tuple[float, float, float], float]:
    """A fixed polygon, which is a box where all its angles are right."""
    x, y = corners.mean(0).tolist()
    sides = np.roll(corners, -1, 0) - corners
    turned = np.roll(sides, -1, 0)
    right = np.abs((sides * turned).sum(1)) < 1e-6 * np.linalg.norm(sides, axis=1) * np.linalg.norm(turned, axis=1)
    if len(corners) == 4 and right.all():
        w, h = np.linalg.norm(sides[:2], axis=1) / 2
        outline = np.array([(-w, -h), (w, -h), (w, h), (-w, h)])
        return BOX, (float(w), float(h)), outline, (x, y, math.atan2(sides[0, 1], sides[0, 0])), 0.0
    return POLYGON, (0.0, 0.0), corners - (x, y), (x, y, 0.0), 0.0


def _turn(corners: Array, angle: float) -> Array:
    cos, sin = math.cos(angle), math.sin(angle)
    turned: Array = corners @ np.array([[cos, sin], [-sin, cos]])
    return turned


def _reach(directions: Array, kind: int, size: tuple[float, float], corners: Array, angle: float) -> Array:
    """How far a shape reaches from its centre against some directions, shape (directions, 2)."""
    if kind == CIRCLE:
        return np.full(len(directions), size[0])
    if kind == BOX:
        w, h = size
        corners = np.array([(w, h), (-w, h), (-w, -h), (w, -h)])
    reach: Array = (-directions @ _turn(corners, angle).T).max(1)
    return reach


@njit(cache=True)
def _bound(x: float, y: float, angle: float, outline: Array, grown: float) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of an outline in a pose."""
    cos, sin = math.cos(angle), math.sin(angle)
    left, bottom, right, top = np.inf, np.inf, -np.inf, -np.inf
    for k in range(outline.shape[0]):
        px, py = x + cos * outline[k, 0] - sin * outline[k, 1], y + sin * outline[k, 0] + cos * outline[k, 1]
        left, right, bottom, top = min(left, px), max(right, px), min(bottom, py), max(top, py)
    return left - grown, bottom - grown, right + grown, top + grown
