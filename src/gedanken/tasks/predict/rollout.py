"""From a scene to a rollout beside the truth: read or pose it, let a player continue it, measure the errors."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.loop import Key, Player, Problem
from gedanken.tasks.predict import files
from gedanken.tasks.predict.observation import CONTEXT, Truth
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.rigid import scenarios, text
from gedanken.worlds.rigid.engine import tunnelling
from gedanken.worlds.rigid.engine.simulate import memoryless, record
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
        truth: what the frames are compared with, same shape or shorter; None where nothing is known.
        restarted: the truth is no recording, but what the simulator makes of the text.
        coverage: share of the bodies answered in each frame, shape (frames,).
        numbered: the same, counting only answers whose frame bears the number that was asked for.
        complaints: the first few things that were missing or malformed.
        warnings: what to know of the simulation itself.
    """

    title: str
    player: str
    first: int
    scene: Scene | None
    predicted: Array
    truth: Array | None
    restarted: bool
    coverage: Array
    numbered: Array
    complaints: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def position_errors(self) -> Array | None:
        """Root mean square position error of each frame that is known, in px, shape (frames,)."""
        return self._errors(slice(0, 2))

    @property
    def velocity_errors(self) -> Array | None:
        """Root mean square velocity error of each frame that is known, in px/s, shape (frames,)."""
        return self._errors(slice(2, 4))

    def _errors(self, columns: slice) -> Array | None:
        if self.truth is None:
            return None
        return _rms(self.predicted[: len(self.truth), :, columns] - self.truth[:, :, columns])

    @property
    def compared_with(self) -> str | None:
        """What the errors are relative to, in words; None where nothing is known."""
        if self.truth is None:
            return None
        if self.restarted:
            return "a restart from this text"
        ends = f", which ends after {len(self.truth)} frames" if len(self.truth) < len(self.predicted) else ""
        return f"the recording{ends}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data: errors at the usual horizons, coverage and every predicted frame."""
        position, velocity = self.position_errors, self.velocity_errors
        at = [horizon for horizon in HORIZONS if horizon <= (0 if self.truth is None else len(self.truth))]
        return {
            "scene": self.title,
            "player": self.player,
            "first_frame": self.first,
            "frames": len(self.predicted),
            "compared_with": self.compared_with,
            "coverage": float(self.coverage.mean()),
            "coverage_numbered": float(self.numbered.mean()),
            "position_rmse": None if position is None else {str(h): float(position[h - 1]) for h in at},
            "velocity_rmse": None if velocity is None else {str(h): float(velocity[h - 1]) for h in at},
            "complaints": list(self.complaints),
            "warnings": list(self.warnings),
            "predicted": self.predicted.tolist(),
        }


def read_problem(
    scene: str,
    *,
    frames: int,
    level: int | None = None,
    index: int | None = None,
    split: str | None = None,
    context: int | None = None,
    format: str | None = None,
    exact: bool = False,
    assume: str | None = None,
) -> tuple[str, Problem]:
    """A title and the problem that `scene` names: a scenario, or a file.

    A file is a scenario of one's own (.py), a scene (.json, .yaml), a text in any format, or a published recording
    (JSONL). What is None has its default, or is left as the file has it.

    Raises:
        UserError: there is no such thing, it cannot be read, it asks for more frames than there are, or an option has
            no meaning for it.
    """
    if frames < 1 or (context is not None and context < 1):
        raise UserError(f"context and frames are at least 1, not {context} and {frames}")
    path = Path(scene)
    if scene in scenarios.names() or scenarios.is_file(scene):
        if assume is not None:
            raise UserError("--assume is for published recordings (JSONL); a scenario tells everything")
        return _pose_scenario(
            scene, frames, 2 if level is None else level, index or 0, split or "test", context or CONTEXT, format, exact
        )
    if not path.exists():
        if path.suffix:
            raise UserError(f"there is no file {path}")
        scenarios.pose(scene, 2)  # says which names are near
    told = {"--level": level, "--index": index, "--split": split}
    if idle := [name for name, value in told.items() if value is not None]:
        raise UserError(
            f"{', '.join(idle)} {'chooses' if len(idle) == 1 else 'choose'} a scene of a scenario; {path} is one scene"
        )
    return path.name, files.pose(path, files.Request(frames, context, format, exact, assume))


def _pose_scenario(
    scenario: str, frames: int, level: int, index: int, split: str, context: int, format: str | None, exact: bool
) -> tuple[str, Problem]:
    format = format or "v1"
    posed = scenarios.pose(scenario, level, split=split, index=index)
    labels = "pushed" if exact else text.load(format).LABELS
    recording = record(memoryless(posed) if exact else posed, context + frames - 1, labels)
    options: dict[str, Any] = {
        "context": context,
        "horizon": frames,
        "format": format,
        "at": context,
        "exact": exact,
    }
    key = Key(scenario, split, index, level, options)
    problem = PredictTask().pose_recording(recording, key, context, context, frames, format)
    return f"{posed.name} (level {level}, {split} {index})", problem


def run(
    title: str, problem: Problem, player: Player, frames: int, on_frame: Callable[[int], None] | None = None
) -> Rollout:
    """Let the player continue the scene on its own frames.

    Raises:
        PlayerError: the player could not answer.
    """
    predicted, coverage, numbered, complaints = [], [], [], []
    first = problem.observation.prompt.next
    for number, (state, reading) in enumerate(PredictTask().roll_out(problem, player, frames), 1):
        predicted.append(state)
        coverage.append(float(np.mean(reading.answered)))
        numbered.append(float(np.mean(reading.answered_as(first + number - 1))))
        complaints += [f"frame {first + number - 1}: {c}" for c in reading.complaints]
        if on_frame:
            on_frame(number)
    truth: Truth = problem.truth
    known = truth.frames[:frames] if len(truth.frames) else None
    return Rollout(
        title,
        player.name,
        first,
        truth.scene,
        np.array(predicted),
        known,
        truth.restarted,
        np.array(coverage),
        np.array(numbered),
        tuple(complaints[:20]),
        () if known is None or truth.scene is None else tuple(tunnelling.warn(truth.scene, known, first)),
    )


def _rms(off: Array) -> Array:
    """Over bodies, of each frame; what a format does not say is no error."""
    squares = np.nan_to_num(np.clip(off, -1e6, 1e6)) ** 2
    return np.asarray(np.sqrt(squares.sum(2).mean(1)))
