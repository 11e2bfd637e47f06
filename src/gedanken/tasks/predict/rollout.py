"""From a scene to a rollout beside the truth: read or pose it, let a player continue it, measure the errors."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.loop import Key, Player, Problem
from gedanken.tasks.predict.observation import Observation, Truth
from gedanken.tasks.predict.task import CONTEXT, PredictTask
from gedanken.worlds.rigid import scenarios, text
from gedanken.worlds.rigid.engine.simulate import memoryless, record, resume
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene

HORIZONS = (1, 5, 20, 50, 190)


@dataclass(frozen=True, eq=False)
class Rollout:
    """A player's continuation of a scene.

    Attributes:
        title: which scene.
        player: who continued it.
        first: number of the first predicted frame.
        scene: the scene, None where a file's format does not tell enough of it.
        predicted: shape (frames, bodies, 6).
        truth: the recorded frames, same shape; None where they are not known.
        coverage: share of the bodies answered in each frame, shape (frames,).
        complaints: the first few things that were missing or malformed.
    """

    title: str
    player: str
    first: int
    scene: Scene | None
    predicted: Array
    truth: Array | None
    coverage: Array
    complaints: tuple[str, ...]

    @property
    def position_errors(self) -> Array | None:
        """Root mean square position error of each frame in px, shape (frames,)."""
        return None if self.truth is None else _rms(self.predicted[:, :, 0:2] - self.truth[:, :, 0:2])

    @property
    def velocity_errors(self) -> Array | None:
        """Root mean square velocity error of each frame in px/s, shape (frames,)."""
        return None if self.truth is None else _rms(self.predicted[:, :, 2:4] - self.truth[:, :, 2:4])

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data: errors at the usual horizons, coverage and every predicted frame."""
        position, velocity = self.position_errors, self.velocity_errors
        at = [horizon for horizon in HORIZONS if horizon <= len(self.predicted)]
        return {
            "scene": self.title,
            "player": self.player,
            "first_frame": self.first,
            "frames": len(self.predicted),
            "coverage": float(self.coverage.mean()),
            "position_rmse": None if position is None else {str(h): float(position[h - 1]) for h in at},
            "velocity_rmse": None if velocity is None else {str(h): float(velocity[h - 1]) for h in at},
            "complaints": list(self.complaints),
            "predicted": self.predicted.tolist(),
        }


def read_problem(
    scene: str,
    *,
    frames: int,
    level: int = 2,
    index: int = 0,
    split: str = "test",
    context: int = CONTEXT,
    format: str = "v1",
    exact: bool = False,
) -> tuple[str, Problem]:
    """A title and the problem that `scene` names: a scenario, a file with a `build` function, or a text in any format.

    Raises:
        UserError: there is no such thing, it cannot be read, or it asks for more frames than there are.
    """
    if context < 1 or frames < 1:
        raise UserError(f"context and frames are at least 1, not {context} and {frames}")
    path = Path(scene)
    if scene in scenarios.names() or path.suffix == ".py":
        posed = scenarios.pose(scene, level, split=split, index=index)
        labels = "pushed" if exact else text.load(format).LABELS
        recording = record(memoryless(posed) if exact else posed, context + frames - 1, labels)
        options: dict[str, Any] = {
            "context": context,
            "horizon": frames,
            "format": format,
            "at": context,
            "exact": exact,
        }
        key = Key(scene, split, index, level, options)
        problem = PredictTask().pose_recording(recording, key, context, context, frames, format)
        return f"{posed.name} (level {level}, {split} {index})", problem
    if not path.exists():
        scenarios.pose(scene, level)  # says which names are near
    return path.name, _read_file(path, frames)


def _read_file(path: Path, frames: int) -> Problem:
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    complaints = {}
    for name in text.names():
        prompt = text.load(name).parse_prompt(content)
        if not isinstance(prompt, list):
            break
        complaints[name] = prompt[0]
    else:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in complaints.items())
        raise UserError(f"{path} is in none of the text formats ({reasons})")
    scene = getattr(prompt.header, "scene", None)
    if scene is None:
        bodies = prompt.states.shape[1]
        truth = Truth(None, np.empty((0, bodies, 6)), np.zeros(bodies))
    else:
        continued = resume(scene, prompt.states, frames, prompt.header.labels)
        truth = Truth(scene, continued, np.zeros(len(scene.bodies)))
    observation = Observation(name, prompt)
    return Problem(PredictTask.name, Key(path.stem), observation, content, truth)


def run(
    title: str, problem: Problem, player: Player, frames: int, on_frame: Callable[[int], None] | None = None
) -> Rollout:
    """Let the player continue the scene on its own frames.

    Raises:
        PlayerError: the player could not answer.
    """
    predicted, coverage, complaints = [], [], []
    for number, (state, reading) in enumerate(PredictTask().roll_out(problem, player, frames), 1):
        predicted.append(state)
        coverage.append(float(np.mean(reading.answered)))
        complaints += [f"frame {problem.observation.prompt.next + number - 1}: {c}" for c in reading.complaints]
        if on_frame:
            on_frame(number)
    truth: Truth = problem.truth
    return Rollout(
        title,
        player.name,
        problem.observation.prompt.next,
        truth.scene,
        np.array(predicted),
        truth.frames if len(truth.frames) else None,
        np.array(coverage),
        tuple(complaints[:20]),
    )


def _rms(off: Array) -> Array:
    """Over bodies, of each frame; what a format does not say is no error."""
    squares = np.nan_to_num(np.clip(off, -1e6, 1e6)) ** 2
    return np.asarray(np.sqrt(squares.sum(2).mean(1)))
