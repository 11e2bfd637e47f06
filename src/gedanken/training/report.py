"""Curves and model card of a run, written from its folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.markdown import table
from gedanken.statistics import summarise_mean
from gedanken.training.run import RunFolder

# Steps that a curve is averaged over; single steps of GRPO see one or two problems and are all noise.
WINDOW = 10
CHECKED = ("valid", "match", "solved_first")
VALIDATED = {
    "velocity_rmse": "model",
    "velocity_rmse_linear": "free flight",
    "velocity_rmse_prior": "correcting nothing",
}
SIGNS = {
    "sft": "supervised fine-tuning",
    "grpo": "GRPO",
    "curriculum": "curriculum",
    "scratch": "training from scratch",
}


def write_report(folder: RunFolder) -> list[Path]:
    """Write `curves.png` and `README.md` (the model card) from config and metrics; returns their paths."""
    written = []
    if any(line.get("kind") == "train" for line in folder.metrics()):
        written.append(plot_curves(folder))
    card = folder.path / "README.md"
    card.write_text(write_card(folder), encoding="utf-8")
    return [*written, card]


def plot_curves(folder: RunFolder) -> Path:
    """Loss, every reward term with a band of one standard deviation, and the held-out evaluations, over the steps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    train = [line for line in folder.metrics() if line.get("kind") == "train"]
    checks = [line for line in folder.metrics() if line.get("kind") == "eval"]
    terms = list(reward_terms(train[-1]))
    validations = [line for line in folder.metrics() if line.get("kind") == "validation"]
    panels = ["loss", *(["reward"] if terms else []), *terms]
    panels += [name for name, there in (("test problems", checks), ("velocity error", validations)) if there]
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
        if panel == "velocity error":
            axes.set_title("velocity error on validation scenes (px/s)")
            for name, label in VALIDATED.items():
                axes.plot([line["step"] for line in validations], [line[name] for line in validations], label=label)
            axes.legend(fontsize=8)
            continue
        if panel in ("loss", "reward"):
            values = _column(train, panel)
            spread = _column(train, "reward_std") if panel == "reward" else np.zeros(len(values))
        else:
            values = _column(train, f"rewards/{panel}/mean")
            spread = _column(train, f"rewards/{panel}/std")
        mean = smooth(values)
        axes.plot(steps, values, ".", ms=2, alpha=0.3)
        axes.plot(steps, mean)
        if panel != "loss":
            band = smooth(spread)
            axes.fill_between(steps, mean - band, mean + band, alpha=0.2, lw=0)
        if f"asked/{panel}" in train[-1]:
            # What is learnt from is selected for differing, so how good the policy is shows only here.
            axes.plot(steps, smooth(_column(train, f"asked/{panel}")), "--", label="problems in turn")
            axes.legend(fontsize=8)
    path = folder.path / "curves.png"
    figure.savefig(path, dpi=110)
    return path


def _plot_checks(axes: Any, checks: Sequence[Mapping[str, Any]], name: str, label: str) -> None:
    found = [(line["step"], line[name]) for line in checks if name in line]
    if not found:
        return
    key, scale = ("mean", 1.0) if "mean" in found[0][1] else ("rate", 0.01)
    middle = np.array([value[key] for _, value in found]) * scale
    low, high = (np.array([value["ci"][side] for _, value in found]) * scale for side in (0, 1))
    axes.errorbar([step for step, _ in found], middle, [middle - low, high - middle], marker="o", ms=3, label=label)


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


def halves(folder: RunFolder, name: str, share: float = 0.2) -> dict[str, Any] | None:
    """Mean of a measurement over the first and the last `share` of the steps, with 95 % bootstrap intervals."""
    values = _column([line for line in folder.metrics() if line.get("kind") == "train"], name)
    values = values[np.isfinite(values)]
    n = int(len(values) * share)
    if n < 2:
        return None
    found: dict[str, Any] = {"steps": n}
    for label, part in (("first", values[:n]), ("last", values[-n:])):
        found[label] = summarise_mean(part, "curve interval", name, label, n)
    return found


def shares(folder: RunFolder) -> dict[str, float] | None:
    """Shares of the training time that went into generation, scoring and the update."""
    train = [line for line in folder.metrics() if line.get("kind") == "train" and "time/scoring" in line]
    total = sum(line["step_seconds"] for line in train)
    if not total:
        return None
    generation, scoring = (sum(line[f"time/{part}"] for line in train) / total for part in ("generation", "scoring"))
    return {"generation": generation, "scoring": scoring, "update": 1.0 - generation - scoring}


def write_card(folder: RunFolder) -> str:
    """The model card, in Markdown with the Hub's front matter: what was trained on what, how, and what it can do."""
    config = folder.config()
    options, kind = config["options"], config["kind"]
    train = [line for line in folder.metrics() if line.get("kind") == "train"]
    checks = [line for line in folder.metrics() if line.get("kind") == "eval"]
    base = str(options.get("model", "")).removeprefix("hf:").partition("+")[0]
    lines = ["---", "library_name: peft" if options.get("lora_r") else "library_name: transformers"]
    if base:
        from gedanken.models.loading import SMOLLM2

        lines.append(f"base_model: {SMOLLM2 if base == 'smollm2' else base}")
    lines += ["tags:", "- physics", "- gedanken", f"- {kind}", "---", ""]
    lines += [f"# {folder.path.name}", ""]
    what = f"{options.get('task', 'predict')} by {SIGNS.get(kind, kind)}"
    lines += [f"Trained on gedanken's task {what}" + (f", from {base}." if base else "."), ""]
    if base and (folder.model / "adapter_config.json").is_file():
        lines += ["```bash", f"gedanken play discover damped_spring --player hf:{base}+{folder.path}/model", "```", ""]
    if options.get("subjects"):
        lines += [f"Subjects: {', '.join(options['subjects'])}.", ""]
    if train:
        spent = train[-1].get("seconds", sum(line.get("step_seconds") or 0.0 for line in train)) / 60
        lines += [f"{train[-1]['step']} steps, {spent:.0f} minutes on {config['machine']['device']}.", ""]
    if train and (rise := halves(folder, "reward")):
        lines += ["## Reward", "", *_rises(folder, rise)]
    if train:
        lines += ["![curves](curves.png)", ""]
    if divided := shares(folder):
        parts = ", ".join(f"{name} {share:.1%}" for name, share in divided.items())
        lines += [f"Time of a step: {parts}.", ""]
    if checks:
        lines += ["## Test problems, one greedy answer each (95 % intervals)", ""]
        rows = [
            [line["step"], group, summary["n"], *(_interval(summary[name]) for name in CHECKED)]
            for line in checks
            for group, summary in _groups(line).items()
        ]
        lines += [*table(["step", "subjects", "n", "valid %", "mean match", "solved %"], rows), ""]
    lines += _bench([line for line in folder.metrics() if line.get("kind") == "bench"][-1:])
    validations = [line for line in folder.metrics() if line.get("kind") == "validation"]
    if validations:
        last = validations[-1]
        speed = float(np.median([line["tokens_per_s"] for line in train])) if train else float("nan")
        waiting = float(np.mean([line["waiting"] for line in train])) if train else float("nan")
        lines += [f"## Validation ({last['examples']} frames, mostly contacts, of scenes not trained on)", ""]
        rows = [
            [
                line["step"],
                f"{line['loss']:.3f}",
                *(f"{line[name]:.1f}" for name in VALIDATED),
                f"{line['well_formed']:.1%}",
            ]
            for line in validations
        ]
        lines += table(["step", "loss", *VALIDATED.values(), "well formed"], rows)
        lines += ["", "Errors are velocities, px/s (root mean square over bodies).", ""]
        lines += [f"{speed:,.0f} tokens/s (median), {waiting:.1%} of the time waiting for data.", ""]
    rows = [[name, value] for name, value in sorted(options.items()) if value not in (None, "", {}, [])]
    lines += ["## Options", "", *table(["option", "value"], rows)]
    lines += ["", "## Versions", "", ", ".join(f"{name} {number}" for name, number in config["versions"].items()), ""]
    return "\n".join(lines)


def _bench(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the frozen suite said of the trained model."""
    if not found:
        return []
    line = found[0]
    lines = [f"## The suite {line['suite']} (95 % intervals; rows are in `bench/`)", ""]
    if "error" in line:
        return [*lines, f"Not played: {line['error']}.", ""]
    if "players" not in line:
        cells = [line["n"], *(_interval(line[name]) for name in ("solved", "generalises", "form"))]
        return [*lines, *table(["n", "solved %", "generalises %", "form %"], [cells]), ""]
    lines += [f"One frame ahead, {line['n']} scenes.", ""]
    rows = [
        [
            name,
            f"{100 * row['coverage']:.1f}",
            *(_interval({"mean": row[key], "ci": row[f"{key}_ci"]}) for key in ("velocity_rmse", "skill")),
        ]
        for name, row in line["players"].items()
    ]
    return [*lines, *table(["player", "coverage %", "velocity RMSE, px/s", "skill"], rows), ""]


def _groups(line: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """An evaluation's summaries: of the subjects that are trained on, and of those that are held out."""
    found = {name.replace("_", " "): line[name] for name in ("trained", "held_out") if line.get(name)}
    return found or {"all": line}


def _rises(folder: RunFolder, reward: Mapping[str, Any]) -> list[str]:
    train = [line for line in folder.metrics() if line.get("kind") == "train"]
    lines = [f"Means over the first and the last {reward['steps']} steps, with 95 % intervals.", ""]
    rows = []
    # What a policy answers to problems in turn comes first: the rewards that it learns from are selected for differing.
    asked = [name for name in train[-1] if name.startswith("asked/")]
    for name in (*asked, "reward", *(f"rewards/{term}/mean" for term in reward_terms(train[-1]))):
        found = halves(folder, name)
        if found:
            label = name.removeprefix("rewards/").removesuffix("/mean").replace("asked/", "in turn: ")
            rows.append([label, _interval(found["first"]), _interval(found["last"])])
    return [*lines, *table(["term", "first", "last"], rows), ""]


def _interval(value: Mapping[str, Any]) -> str:
    low, high = value["ci"]
    if "mean" in value:
        return f"{value['mean']:.3f} [{low:.3f}, {high:.3f}]"
    return f"{value['rate']:.1f} [{low:.1f}, {high:.1f}]"


def _column(lines: Sequence[Mapping[str, Any]], name: str) -> Any:
    return np.array([np.nan if line.get(name) is None else float(line[name]) for line in lines])
