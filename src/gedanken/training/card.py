"""The model card of a run, in Markdown: what was trained on what, how, and what the model can do."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gedanken.markdown import table
from gedanken.models.loading import SMOLLM2
from gedanken.statistics import summarise_mean
from gedanken.training.curves import JUDGED, SOLVED_WITHIN, VALIDATED, column, reward_terms
from gedanken.training.dead import find_spells
from gedanken.training.run import RunFolder

METHODS = {
    "sft": "supervised fine-tuning",
    "grpo": "GRPO",
    "curriculum": "curriculum",
    "scratch": "training from scratch",
    "collisions": "training from scratch",
    "laws": "training from scratch",
    "laws-rl": "GRPO",
}
Measure = Callable[[Mapping[str, Any]], str]


def write_card(folder: RunFolder) -> str:
    """The model card with the Hub's front matter: a list of sections, of which those without measurements are empty."""
    sections = (_head, _training, _tests, _bench, _validation, _stages, _options)
    return "\n".join(line for section in sections for line in section(folder))


def _head(folder: RunFolder) -> list[str]:
    """Front matter, and what was trained on what."""
    config = folder.config()
    options, kind = config["options"], config["kind"]
    base = str(options.get("model", "")).removeprefix("hf:").partition("+")[0]
    lines = ["---", "library_name: peft" if options.get("lora_r") else "library_name: transformers"]
    if base:
        lines.append(f"base_model: {SMOLLM2 if base == 'smollm2' else base}")
    lines += ["tags:", "- physics", "- gedanken", f"- {kind}", "---", ""]
    lines += [f"# {folder.path.name}", "", *_warnings(folder)]
    what = f"{options.get('task') or config.get('task', 'predict')} by {METHODS.get(kind, kind)}"
    lines += [f"Trained on gedanken's task {what}" + (f", from {base}." if base else "."), ""]
    if base and (folder.model / "adapter_config.json").is_file():
        lines += ["```bash", f"gedanken play discover damped_spring --player hf:{base}+{folder.path}/model", "```", ""]
    if options.get("subjects"):
        lines += [f"Subjects: {', '.join(options['subjects'])}.", ""]
    return lines


def _warnings(folder: RunFolder) -> list[str]:
    """In words, at the top: steps from which nothing was learnt, and an evaluation whose answers say nothing."""
    options, train, checks = folder.config()["options"], folder.metrics("train"), folder.metrics("eval")
    lines = []
    for spell in find_spells(train, options.get("dead_steps", 10)):
        sentence = spell.describe(options)
        learnt = "little or nothing" if spell.cause == "cut" else "nothing"
        lines.append(
            f"> **Dead run:** {sentence} ({spell.steps} of {len(train)} steps), so {learnt} was learnt there. What may "
            f"help: {spell.remedy}."
        )
    stopped = [line for line in folder.metrics("dead") if line["stopped"]]
    if stopped and stopped[-1]["step"] == train[-1]["step"]:
        lines.append(f"> The run was stopped for it at step {stopped[-1]['step']} and has not come to its end.")
    if checks and checks[-1].get("n"):
        last = checks[-1]
        if last.get("cut", {}).get("rate") == 100:
            lines.append(
                f"> **No answer ends:** all answers to the {last['n']} test problems at step {last['step']} were cut "
                f"at the limit of {options['max_new_tokens']} tokens."
            )
        if last["valid"]["rate"] == 0:
            lines.append(
                f"> **No answer can be read:** none of the answers to the {last['n']} test problems at step "
                f"{last['step']} could be read and simulated."
            )
    # Behind a quoted line, another one would belong to the same paragraph.
    return [part for line in lines for part in (line, "")]


def _training(folder: RunFolder) -> list[str]:
    """Steps and time, the reward's rise, and the curves."""
    train = folder.metrics("train")
    if not train:
        return []
    minutes = train[-1].get("seconds", sum(line.get("step_seconds") or 0.0 for line in train)) / 60
    lines = [f"{train[-1]['step']} steps, {minutes:.0f} minutes on {folder.config()['machine']['device']}.", ""]
    if reward := compare_ends(folder, "reward"):
        lines += ["## Reward", "", *_rewards(folder, reward)]
    lines += ["![curves](curves.png)", ""]
    if divided := shares(folder):
        parts = ", ".join(f"{name} {share:.1%}" for name, share in divided.items())
        lines += [f"Time of a step: {parts}.", ""]
    return lines


def _tests(folder: RunFolder) -> list[str]:
    """The evaluations on test problems."""
    checks = folder.metrics("eval")
    if not checks:
        return []
    lines = ["## Test problems, one greedy answer each (95 % intervals)", ""]
    measured = [line for line in checks if "error" not in line]
    shown = ("valid", "match", "solved_first")
    rows = [
        [line["step"], group, summary["n"], *(_interval(summary.get(name)) for name in shown)]
        for line in measured
        for group, summary in _groups(line).items()
    ]
    if rows:
        lines += [*table(["step", "subjects", "n", "valid %", "mean match", "solved %"], rows), ""]
    if failures := sum(line.get("failed", 0) for line in measured):
        lines += [f"{failures} problems got no answer at all; they are not scored.", ""]
    for line in checks:
        if "error" in line:
            lines += [f"Step {line['step']}: {line['error']}.", ""]
    return lines


def _bench(folder: RunFolder) -> list[str]:
    """How the trained model did on the frozen suite."""
    played = folder.metrics("bench")
    if not played:
        return []
    line = played[-1]
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


def _validation(folder: RunFolder) -> list[str]:
    """The evaluations of a decoder that is trained from nothing."""
    validations, train = folder.metrics("validation"), folder.metrics("train")
    if not validations:
        return []
    pace = []
    if train and "waiting" in train[-1]:
        speed = float(np.median([line["tokens_per_s"] for line in train]))
        waiting = float(np.mean([line["waiting"] for line in train]))
        pace = [f"{speed:,.0f} tokens/s (median), {waiting:.1%} of the time waiting for data.", ""]
    if "solved_1" in validations[-1]:
        shown = {**SOLVED_WITHIN, "match_first": "match at once", "match_best": "best match"}
        rows = [
            [line["step"], f"{line['tokens'] / 1e6:.1f}", *(f"{line[name]:.3f}" for name in shown)]
            for line in validations
        ]
        lines = [f"## Validation ({validations[-1]['problems']} problems; shares solved by so many answers)", ""]
        return [*lines, *table(["step", "million tokens", *shown.values()], rows), "", *pace]
    if "found" in validations[-1]:
        shown = {
            **JUDGED,
            "gap_error": "gap error, px",
            "depth_error": "depth error, px",
            "place_error": "place error, px",
        }
        rows = [
            [
                line["step"],
                f"{line['tokens'] / 1e6:.1f}",
                *("-" if line[name] is None else f"{line[name]:.3f}" for name in shown),
            ]
            for line in validations
        ]
        last = validations[-1]
        by_sides, found, of_these, right = (
            "-" if last[name] is None else f"{last[name]:.3f}"
            for name in ("found_by_sides", "found_of_all", "right_by_sides", "right_of_all")
        )
        rule = [
            "The text gives away the rule that a pair touches unless the second lies beyond a side of the first. It "
            f"finds {by_sides} of the touching pairs (the model {found}), and {of_these} of those that it names touch "
            f"(the model {right}).",
            "",
        ]
        lines = [f"## Validation ({last['trials']} pairs of scenes not trained on)", ""]
        return [*lines, *table(["step", "million tokens", *shown.values()], rows), "", *rule, *pace]
    given = folder.config()["text"]["given"]
    lines = [f"## Validation ({validations[-1]['trials']} steps of scenes not trained on, where something happens)", ""]
    rows = [
        [
            line["step"],
            f"{line['tokens'] / 1e6:.1f}",
            *("-" if line[name] is None else f"{line[name]:.1f}" for name in VALIDATED),
        ]
        for line in validations
    ]
    lines += table(["step", "million tokens", *VALIDATED.values()], rows)
    lines += ["", "Errors are velocities, px/s (root mean square over bodies).", f"The text gives {given}.", ""]
    return [*lines, *pace]


def _stages(folder: RunFolder) -> list[str]:
    """A curriculum's tables, a row for each stage and a column for each level: loss, and results of the answers."""
    stages = folder.metrics("stage")
    if not stages:
        return []
    # A run that got more stages later has fewer levels in its first lines.
    levels = list(stages[-1]["levels"])
    first = stages[-1]["levels"][levels[0]]
    measures: list[tuple[str, int | None, str, Measure]] = [
        ("Loss per answer token (nats)", first["examples"], "loss", lambda level: f"{level['loss']:.3f}"),
        ("Readable answers (%)", first.get("n"), "valid", lambda level: f"{level['valid']['rate']:.0f}"),
        ("Mean skill", first.get("n"), "match", lambda level: f"{level['match']['mean']:.3f}"),
    ]
    lines = []
    for title, count, needed, show in measures:
        if count is None:
            continue
        lines += [f"## {title} on unseen scenes (n = {count} a level)", ""]
        rows = []
        for line in stages:
            measured = line["levels"]
            # A level without results: the model could answer none of its problems.
            cells = [show(measured[level]) if needed in measured.get(level, ()) else "" for level in levels]
            rows.append([line["step"] or "none", *cells])
        lines += [*table(["after stage", *(f"level {level}" for level in levels)], rows), ""]
    return [*lines, "![curves](curves.png)", ""]


def _options(folder: RunFolder) -> list[str]:
    """Every option that was given or has a default, and the versions."""
    config = folder.config()
    rows = [[name, value] for name, value in sorted(config["options"].items()) if value not in (None, "", {}, [])]
    lines = ["## Options", "", *table(["option", "value"], rows)]
    return [*lines, "", "## Versions", "", ", ".join(f"{name} {of}" for name, of in config["versions"].items()), ""]


def compare_ends(folder: RunFolder, name: str, share: float = 0.2) -> dict[str, Any] | None:
    """Mean of a measurement over the first and the last `share` of the steps, with 95 % bootstrap intervals."""
    values = column(folder.metrics("train"), name)
    values = values[np.isfinite(values)]
    n = int(len(values) * share)
    if n < 2:
        return None
    ends: dict[str, Any] = {"steps": n}
    for label, part in (("first", values[:n]), ("last", values[-n:])):
        ends[label] = summarise_mean(part, "curve interval", name, label, n)
    return ends


def shares(folder: RunFolder) -> dict[str, float] | None:
    """Shares of the training time that went into generation, scoring and the update."""
    train = [line for line in folder.metrics("train") if "time/scoring" in line]
    total = sum(line["step_seconds"] for line in train)
    if not total:
        return None
    generation, scoring = (sum(line[f"time/{part}"] for line in train) / total for part in ("generation", "scoring"))
    return {"generation": generation, "scoring": scoring, "update": 1.0 - generation - scoring}


def _groups(line: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """An evaluation's summaries: of the subjects that are trained on, and of those held out."""
    groups = {name.replace("_", " "): line[name] for name in ("trained", "held_out") if line.get(name)}
    return groups or {"all": line}


def _rewards(folder: RunFolder, reward: Mapping[str, Any]) -> list[str]:
    train = folder.metrics("train")
    lines = [f"Means over the first and the last {reward['steps']} steps, with 95 % intervals.", ""]
    rows = []
    # The problems in turn come first: the rewards that GRPO learns from are selected for differing.
    asked = [name for name in train[-1] if name.startswith("asked/")]
    for name in (*asked, "reward", *(f"rewards/{term}/mean" for term in reward_terms(train[-1]))):
        ends = compare_ends(folder, name)
        if ends:
            label = name.removeprefix("rewards/").removesuffix("/mean").replace("asked/", "in turn: ")
            rows.append([label, _interval(ends["first"]), _interval(ends["last"])])
    return [*lines, *table(["term", "first", "last"], rows), ""]


def _interval(value: Mapping[str, Any] | None) -> str:
    """A value with its interval; without one where there is a single observation, whose interval nobody knows."""
    if value is None:
        return "-"
    if value["ci"] is None:
        return f"{value['mean']:.3f} (n = 1)" if "mean" in value else f"{value['rate']:.1f} (n = 1)"
    low, high = value["ci"]
    if "mean" in value:
        return f"{value['mean']:.3f} [{low:.3f}, {high:.3f}]"
    return f"{value['rate']:.1f} [{low:.1f}, {high:.1f}]"
