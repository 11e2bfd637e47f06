"""Samples of several trajectories, laid out for the compiled least squares."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gedanken.worlds.ode.kernel.driven import pack_drive
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory


@dataclass(frozen=True)
class Record:
    """The samples of all trajectories, one after the other, and their weights.

    Attributes:
        t: sample times, shape (M,).
        y: samples, 0 where missing, shape (M, n).
        weights: 1 / noise, 0 where missing, shape (M, n).
        bounds: first sample of each trajectory, and M.
        guess: a smooth estimate of the state at each sample, where segments start from, shape (M, n).
        scale: spread of each column, shape (n,).
        drives: packed inputs of each trajectory, a row each (`kernel/driven.py`).
    """

    t: Array
    y: Array
    weights: Array
    bounds: np.ndarray
    guess: Array
    scale: Array
    drives: Array
    _segments: dict[int, np.ndarray] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        trajectories: Sequence[Trajectory],
        sigma: Sequence[Array] | None = None,
        guess: Sequence[Array] | None = None,
    ) -> "Record":
        """Concatenate trajectories.

        Args:
            trajectories: the samples, NaN where missing.
            sigma: noise of each sample, shapes (m, n), `inf` to leave one out; a hundredth of the spread by default.
            guess: smooth estimates of the states; by default the samples themselves, with gaps bridged by lines and an
                unobserved velocity from differences.
        """
        values = np.concatenate([trajectory.values for trajectory in trajectories])
        seen = np.isfinite(values)
        estimate = np.concatenate(guess if guess is not None else [_bridge(trajectory) for trajectory in trajectories])
        scale = np.array([_spread(values[seen[:, i], i], estimate[:, i]) for i in range(values.shape[1])])
        noise = np.concatenate(sigma) if sigma is not None else np.broadcast_to(0.01 * scale, values.shape)
        return cls(
            np.concatenate([trajectory.t for trajectory in trajectories]),
            np.where(seen, values, 0.0),
            np.where(seen, 1.0 / noise, 0.0),
            np.cumsum([0] + [len(trajectory.t) for trajectory in trajectories]),
            np.ascontiguousarray(estimate),
            scale,
            _pack_drives(trajectories),
        )

    def trials(self, bounds: np.ndarray) -> np.ndarray:
        """The trajectory that each segment with these bounds belongs to, shape (segments,)."""
        return np.searchsorted(self.bounds, bounds[:-1], side="right") - 1

    def segments(self, count: int) -> np.ndarray:
        """Bounds of about `count` segments a trajectory, none shorter than four samples unless its record is."""
        if count not in self._segments:
            cuts = [0]
            for a, b in zip(self.bounds[:-1], self.bounds[1:], strict=True):
                pieces = max(1, min(count, int(b - a) // 4))
                cuts += [int(c) for c in np.linspace(a, b, pieces + 1)[1:].round()]
            self._segments[count] = np.array(cuts, np.int64)
        return self._segments[count]

    def carry(self, starts: Array, fine: int, coarse: int) -> Array:
        """Starts of `coarse` segments, taken from those `fine` segments that begin there or next after."""
        begin = self.segments(coarse)[:-1]
        return starts[np.clip(np.searchsorted(self.segments(fine), begin), 0, len(starts) - 1)]


def _pack_drives(trajectories: Sequence[Trajectory]) -> Array:
    """The packed inputs of all trajectories in rows of one length."""
    rows = []
    for trajectory in trajectories:
        inputs = () if trajectory.drive is None else trajectory.drive.inputs
        rows.append(pack_drive(StateSpace((), inputs), trajectory))
    packed = np.zeros((len(rows), max(map(len, rows))))
    for row, drive in zip(packed, rows, strict=True):
        row[: len(drive)] = drive
    return packed


def _spread(seen: Array, estimate: Array) -> float:
    column = seen if len(seen) >= 2 else estimate
    spread = float(column.std())
    return (
        spread
        if spread > 1e-12 * float(np.abs(column).max(initial=1e-300))
        else max(float(np.abs(column).max(initial=0.0)), 1.0)
    )


def _bridge(trajectory: Trajectory) -> Array:
    out = trajectory.values.copy()
    for i in range(out.shape[1]):
        seen = np.isfinite(out[:, i])
        if seen.any():
            out[:, i] = np.interp(trajectory.t, trajectory.t[seen], out[seen, i])
        else:  # columns are position, velocity, ...: the velocity of the column before
            out[:, i] = np.gradient(out[:, i - 1], trajectory.t) if i > 0 else 0.0
    return out
