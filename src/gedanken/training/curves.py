"""Curves of a run, drawn from the measurements in its folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.training.run import RunFolder
from gedanken.worlds.rigid.scene.scene import LEVELS

# Steps that a curve is averaged over; single steps of GRPO see one or two problems and are all noise.
WINDOW = 10
# Velocity errors of a validation while training from nothing: key -> label.
VALIDATED = {
    "velocity_rmse": "model",
    "velocity_rmse_free": "no impulse",
    "velocity_rmse_alone": "each contact alone",
    "velocity_rmse_held_out": "model, held out",
    "velocity_rmse_held_out_free": "no impulse, held out",
    "velocity_rmse_held_out_alone": "each contact alone, held out",
}
# Shares of validation problems that a model of laws solves within so many answers: key -> label.
SOLVED_WITHIN = {f"solved_{k}": f"within {k}" if k > 1 else "at once" for k in (1, 2, 4, 8)}
# How a model of collisions judges validation pairs: key -> label.
JUDGED = {
    "found": "touching pairs found",
    "right": "pairs said to touch that do",
    "found_held_out": "touching pairs found, held out",
    "right_held_out": "pairs said to touch that do, held out",
}
VALIDATIONS = (
    ("velocity error on validation scenes (px/s)", VALIDATED),
    ("share of validation problems solved", SOLVED_WITHIN),
    ("share of validation pairs", JUDGED),
)
"""Title and figures of each kind of validation; a run has those whose first key its lines have."""


def find_validation(line: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Title and figures of a line of metrics."""
    return next((title, labels) for title, labels in VALIDATIONS if next(iter(labels)) in line)


def plot_curves(folder: RunFolder) -> Path:
    """Loss, every reward term with a band of one standard deviation, and the held-out evaluations, over the steps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    train = folder.metrics("train")
    checks = folder.metrics("eval")
    terms = list(reward_terms(train[-1]))
    validations = folder.metrics("validation")
    panels = ["loss", *(["reward"] if terms else []), *terms]
    panels += [name for name, there in (("test problems", checks), ("validation", validations)) if there]
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(4.2 * columns, 2.9 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    steps = np.array([line["step"] for line in train])
    for k, panel in enumerate(panels):
        axes = figure.add_subplot(rows, columns, k + 1)
        axes.set_title(panel)
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
        if panel == "test problems":
            for name, label in (("match", "mean match"), ("valid", "valid"), ("solved_first", "solved in 1")):
                _plot_checks(axes, checks, name, label)
            axes.set_ylim(-0.02, 1.02)
            axes.legend(fontsize=8)
            continue
        if panel == "validation":
            title, labels = find_validation(validations[-1])
            axes.set_title(title)
            for name, label in labels.items():
                axes.plot([line["step"] for line in validations], column(validations, name), label=label)
            axes.legend(fontsize=8)
            continue
        if panel in ("loss", "reward"):
            values = column(train, panel)
            spread = column(train, "reward_std") if panel == "reward" else np.zeros(len(values))
        else:
            values = column(train, f"rewards/{panel}/mean")
            spread = column(train, f"rewards/{panel}/std")
        mean = smooth(values)
        axes.plot(steps, values, ".", ms=2, alpha=0.3)
        axes.plot(steps, mean)
        if panel != "loss":
            band = smooth(spread)
            axes.fill_between(steps, mean - band, mean + band, alpha=0.2, lw=0)
        if f"asked/{panel}" in train[-1]:
            # GRPO learns from groups selected for differing; how good the policy is shows only here.
            axes.plot(steps, smooth(column(train, f"asked/{panel}")), "--", label="problems in turn")
            axes.legend(fontsize=8)
    path = folder.path / "curves.png"
    figure.savefig(path, dpi=110)
    return path


def _plot_checks(axes: Any, checks: Sequence[Mapping[str, Any]], name: str, label: str) -> None:
    points = [(line["step"], line[name]) for line in checks if name in line]
    if not points:
        return
    key, scale = ("mean", 1.0) if "mean" in points[0][1] else ("rate", 0.01)
    middle = np.array([value[key] for _, value in points]) * scale
    # A single problem has no interval.
    ends = np.array([value["ci"] or (value[key], value[key]) for _, value in points]) * scale
    low, high = ends.T
    axes.errorbar([step for step, _ in points], middle, [middle - low, high - middle], marker="o", ms=3, label=label)


def plot_stages(folder: RunFolder) -> Path:
    """Training loss through all stages, and the loss on unseen scenes of every level after each."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    training, examined = (figure.add_subplot(1, 2, place) for place in (1, 2))
    passed = 0
    for stage in LEVELS:
        own = folder.stage(stage)
        train = own.metrics("train")
        if train:
            steps = passed + np.array([line["step"] for line in train])
            training.plot(steps, smooth([line["loss"] for line in train]), label=f"stage {stage}")
            passed = int(steps[-1])
    lines = folder.metrics("stage")
    for level in lines[-1]["levels"]:
        measured = [(line["step"], line["levels"][level]["loss"]) for line in lines if level in line["levels"]]
        examined.plot(*zip(*measured, strict=True), marker="o", ms=3, label=f"level {level}")
    for axes, title, label in ((training, "training loss", "step"), (examined, "loss on unseen scenes", "after stage")):
        axes.set_title(title)
        axes.set_xlabel(label)
        axes.grid(alpha=0.3)
        if axes.has_data():
            axes.legend(fontsize=8)
    path = folder.path / "curves.png"
    figure.savefig(path, dpi=110)
    return path


def reward_terms(line: Mapping[str, Any]) -> list[str]:
    """Names of the reward terms that a logged step holds."""
    return [name.split("/")[1] for name in line if name.startswith("rewards/") and name.endswith("/mean")]


def smooth(values: Any, window: int = WINDOW) -> Any:
    """Running mean over the last `window` values; fewer at the beginning. Gaps are passed over."""
    values = np.asarray(values, dtype=np.float64)
    known = np.isfinite(values)
    total = np.cumsum(np.where(known, values, 0.0))
    count = np.cumsum(known)
    total[window:] -= total[:-window].copy()
    count[window:] -= count[:-window].copy()
    return total / np.maximum(count, 1)


def column(lines: Sequence[Mapping[str, Any]], name: str) -> Any:
    """A measurement in every line, shape (lines,); NaN where a line has none."""
    return np.array([np.nan if line.get(name) is None else float(line[name]) for line in lines])
