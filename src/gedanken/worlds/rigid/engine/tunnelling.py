"""Bodies so fast that they may pass through each other: the simulator looks for contacts at the end of a step only."""

import math

import numpy as np

from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.parts import Block, Body, Static
from gedanken.worlds.rigid.scene.scene import Scene


def half_extent(thing: Body | Static) -> float:
    """Half of the smallest width of a body or a wall (px)."""
    if isinstance(thing, Body):
        return thing.shape.radius or _inner(thing.shape.core)
    return _inner(thing.vertices) if isinstance(thing, Block) else thing.radius


def _inner(corners: tuple[tuple[float, float], ...]) -> float:
    """Half of the smallest width of a convex polygon: over its edges, the farthest corner's distance."""
    widths = []
    for k, (bx, by) in enumerate(corners):
        ax, ay = corners[k - 1]
        length = math.hypot(bx - ax, by - ay)
        widths.append(max(abs((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length for x, y in corners))
    return min(widths) / 2


def warn(scene: Scene, states: Array, first: int = 0) -> list[str]:
    """A sentence for the fastest body that moves further in a step than it and the thinnest thing it may meet reach.

    Args:
        scene: what the states are of.
        states: shape (frames, bodies, 6).
        first: number of the first of them.

    Returns:
        One sentence, or none where nothing is too fast.
    """
    bodies = scene.bodies
    walls = [half_extent(static) for static in scene.statics]
    sizes = np.array([half_extent(body) for body in bodies])
    step = scene.solver.dt / scene.solver.substeps
    way = np.nan_to_num(np.hypot(states[:, :, 2], states[:, :, 3])) * step
    thinnest = np.full(len(bodies), min(walls, default=np.inf))
    if len(bodies) > 1:
        order = np.sort(sizes)
        others = np.where(sizes > order[0], order[0], order[1])
        thinnest = np.minimum(thinnest, others)
    excess = np.where(np.isfinite(thinnest), way / np.maximum(sizes + thinnest, 1e-9), 0.0)
    if excess.size == 0 or excess.max() <= 1:
        return []
    frame, body = np.unravel_index(int(np.argmax(excess)), excess.shape)
    fast = int((excess.max(0) > 1).sum())
    many = f"{fast} bodies are" if fast > 1 else f"body {body} is"
    need = scene.solver.substeps * math.ceil(float(excess.max()))
    return [
        f"{many} fast enough to pass through others unnoticed: body {body} moves {way[frame, body]:.0f} px a step in "
        f"frame {first + frame} and is {2 * sizes[body]:.3g} px thick, the thinnest thing it may meet "
        f"{2 * thinnest[body]:.3g} px; substeps={need}, thicker walls or a speed cap help"
    ]
