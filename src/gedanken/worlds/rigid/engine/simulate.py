"""Recordings of a scene: what is printed, and what continues what is printed.

A recorded position is the one *after* the solver's hidden push: `x'[n] = x[n+1] - v[n] dt` in Chipmunk's own numbers.
The simulation is the same, but the push, which overlapping bodies owe each other and which no velocity shows, is no
longer hidden: a fresh simulation from one printed frame is right to 1.4e-4 px instead of 0.044 px (95 % of bodies,
median scenario; the worst 0.022 instead of 0.27). With substeps the push is that of the next substep.
`labels="raw"` records Chipmunk's positions as they are; a simulation that follows such frames keeps the push of its own
last step for the next one.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from gedanken.errors import UserError
from gedanken.worlds.rigid.engine.chipmunk import Space, initial_state
from gedanken.worlds.rigid.engine.stepping import Fixed
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene

FRAMES = 200
"""Frames of a recording after frame 0."""

Labels: TypeAlias = Literal["pushed", "raw"]

MEMORYLESS_SUBSTEPS = 8
"""Substeps without which stacks slump when the solver may remember nothing: a tower drifts 74 px in 200 frames with
one, 10 px with eight, 3 px with the memory that it has by default."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A scene and what came of it.

    Attributes:
        scene: what was simulated.
        states: shape (frames + 1, bodies, 6), x, y, vx, vy, angle, spin, rounded to four decimals; row n is frame n,
            and row 0 is the scene's own start.
        labels: `pushed` (see the module) or `raw`.
    """

    scene: Scene
    states: Array
    labels: Labels = "pushed"

    @property
    def positions(self) -> Array:
        """Centres in px, shape (frames + 1, bodies, 2)."""
        return self.states[:, :, 0:2]

    @property
    def velocities(self) -> Array:
        """Velocities in px/s, shape (frames + 1, bodies, 2)."""
        return self.states[:, :, 2:4]

    @property
    def angles(self) -> Array:
        """Orientations in rad, shape (frames + 1, bodies)."""
        return self.states[:, :, 4]

    @property
    def spins(self) -> Array:
        """Angular velocities in rad/s, shape (frames + 1, bodies)."""
        return self.states[:, :, 5]


def record(scene: Scene, frames: int = FRAMES, labels: Labels = "pushed") -> Recording:
    """Simulate a scene for so many frames of `scene.solver.dt` (1/60 s).

    Raises:
        UserError: the scene is unstable (a state is not finite or beyond all bounds).
    """
    return Recording(scene, record_fixed(scene, frames, labels) / 10_000, labels)


def record_fixed(scene: Scene, frames: int = FRAMES, labels: Labels = "pushed") -> Fixed:
    """The same states as 32-bit numbers in units of 1e-4, shape (frames + 1, bodies, 6): what is stored and printed."""
    out = np.empty((frames + 1, len(scene.bodies), 6), np.int32)
    start = initial_state(scene)
    out[0] = np.rint(start * 10_000)
    _continue(scene, start[None], labels, out[1:])
    return out


def resume(scene: Scene, context: Array, frames: int, labels: Labels = "pushed") -> Array:
    """Continue printed frames: a fresh simulation that knows the scene and what was printed, nothing else.

    The simulation starts from the first context frame and is put back on the printed numbers at every later one, which
    rebuilds the solver's memory of the contacts: one frame leaves stacks a velocity error of a few px/s, ten frames
    hundredths.

    Args:
        scene: everything but where the bodies are.
        context: consecutive frames, shape (k, bodies, 6), k >= 1.
        frames: how many to predict.
        labels: of the context and of the result.

    Returns:
        The next frames, shape (frames, bodies, 6), rounded to four decimals.

    Raises:
        UserError: the scene is unstable.
    """
    out = np.empty((frames, len(scene.bodies), 6), np.int32)
    _continue(scene, context, labels, out)
    return np.asarray(out / 10_000)


def _continue(scene: Scene, context: Array, labels: Labels, out: Fixed) -> None:
    """What `resume` does, written into `out`."""
    if scene.solver.memoryless:
        if labels != "pushed":
            raise UserError("a memoryless scene has no raw labels: its printed frames are its state")
        state = context[-1]
        for frame in range(len(out)):
            with Space(scene, state) as space:
                space.advance(1, out=out[frame : frame + 1])
            state = out[frame] / 10_000
        return
    with Space(scene, context[0]) as space:
        for state in context[1:]:
            space.advance(1)
            # A raw position is one before the push: without the push that this step left, the next frame is off by it.
            space.place(state, keep_push=labels == "raw")
        space.advance(len(out), labels == "pushed", out)


def memoryless(scene: Scene, substeps: int = MEMORYLESS_SUBSTEPS) -> Scene:
    """The same scene in `exact` mode, where each printed frame decides the next one to the last digit."""
    solver = replace(scene.solver, substeps=max(substeps, scene.solver.substeps), memoryless=True)
    return replace(scene, solver=solver)
