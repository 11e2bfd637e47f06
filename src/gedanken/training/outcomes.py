"""What evaluations found: one outcome for each problem and sample, summed up with 95 % intervals, and as a table."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gedanken.loop import Key
from gedanken.markdown import table
from gedanken.statistics import summarise_mean, summarise_rate

# With fewer values than this, percentile bootstrap intervals are noticeably too narrow.
FEW = 10


@dataclass(frozen=True)
class Outcome:
    """What a model made of one problem, in one of the samples that it has.

    Attributes:
        key: the problem's.
        held_out: no training problem is about this subject.
        row: the first answer with all that it earned (`samples.write_sample`).
        tier: how hard the subject is, 1 to 3; None where the task has no tiers.
        sample: which of the independent samples.
        best: match of the best answer of the episode (skill, for `predict`).
        solved: some answer of the episode solved it.
        turns: how many answers it gave.
        solved_in: which of them was the first to solve it; None where none did.
        letters: letters of all its answers, by which k turns and k samples can be compared at equal cost.
        failed: why the model gave no answer at all, else None. Such an outcome is not scored.
    """

    key: Key
    held_out: bool
    row: Mapping[str, Any]
    tier: int | None = None
    sample: int = 0
    best: float = 0.0
    solved: bool = False
    turns: int = 0
    solved_in: int | None = None
    letters: int = 0
    failed: str | None = None

    @property
    def subject(self) -> str:
        """What the problem is about."""
        return self.key.subject

    @property
    def index(self) -> int:
        """Which instance."""
        return self.key.index

    @property
    def valid(self) -> bool:
        """The first answer could be read and simulated."""
        return self.row["error"] is None

    @property
    def first(self) -> float:
        """Match of the first answer (skill, for `predict`)."""
        return float(self.row["match"])

    @property
    def solved_first(self) -> bool:
        """The first answer solved it."""
        return bool(self.row["solved"])

    @property
    def answer(self) -> str:
        """The first answer."""
        return str(self.row["answer"])

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data: the first answer's row, and what became of the episode."""
        episode = {
            "turns": self.turns,
            "best": self.best,
            "solved": self.solved,
            "solved_in": self.solved_in,
            "letters": self.letters,
        }
        return {
            **self.row,
            "tier": self.tier,
            "held_out": self.held_out,
            "sample": self.sample,
            **({} if self.failed else {"episode": episode}),
        }


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Rates (in percent) and mean matches over all problems that were answered, with 95 % intervals.

    The samples of one problem are not independent: intervals resample whole problems. A mean over fewer than two
    problems has no interval (None).

    Returns:
        `n` problems that were answered, and apart from them `failed` outcomes; `valid`, `match` and `solved_first` of
        the first answers, `best_match` and `solved` of the episodes, `letters` that an episode wrote; `solved_by`, by
        k: solved by one of the first k answers; `gain`: what later turns solve beyond the first, in points, paired;
        `cut` of the first answers where it is known; and with several samples `pass`, by k: the chance that one of k
        samples solves the problem.
    """
    answered = [outcome for outcome in outcomes if outcome.failed is None]
    problems: dict[str, list[Outcome]] = {}
    for outcome in answered:
        problems.setdefault(repr(outcome.key), []).append(outcome)
    groups = list(problems.values())
    summary: dict[str, Any] = {"n": len(groups), "failed": len(outcomes) - len(answered)}
    if not groups:
        return summary
    summary |= {
        "valid": _rate([[outcome.valid for outcome in group] for group in groups]),
        "match": _mean([_average([outcome.first for outcome in group]) for group in groups]),
        "best_match": _mean([_average([outcome.best for outcome in group]) for group in groups]),
        "solved_first": _rate([[outcome.solved_first for outcome in group] for group in groups]),
        "solved": _rate([[outcome.solved for outcome in group] for group in groups]),
        "letters": _mean([_average([outcome.letters for outcome in group]) for group in groups]),
    }
    turns = max(outcome.turns for outcome in answered)
    if turns > 1:
        summary["solved_by"] = {
            str(k): _rate([[(outcome.solved_in or turns + 1) <= k for outcome in group] for group in groups])
            for k in _counts(turns)
        }
        summary["gain"] = _mean(
            [100 * _average([outcome.solved - outcome.solved_first for outcome in group]) for group in groups]
        )
    if all(outcome.row["cut"] is not None for outcome in answered):
        summary["cut"] = _rate([[outcome.row["cut"] for outcome in group] for group in groups])
    samples = max(map(len, groups))
    if samples > 1:
        summary["pass"] = {str(k): _pass(groups, k) for k in _counts(samples)}
    return summary


def pass_at_k(n: int, solved: int, k: int) -> float:
    """Chance that at least one of `k` samples solves, estimated without bias from `solved` of `n` samples.

    Source: M. Chen et al., Evaluating large language models trained on code, 2021, arXiv:2107.03374, equation 1.
    """
    if not 0 < k <= n:
        raise ValueError(f"pass@{k} needs at least {k} samples, not {n}")
    return 1.0 - math.comb(n - solved, k) / math.comb(n, k)


def summarise_subjects(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """`summarise` of each subject by itself."""
    return {name: summarise(some) for name, some in _split(outcomes, lambda outcome: outcome.subject).items()}


def summarise_bands(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """`summarise` of each band of difficulty by itself (`tier 1`, `level 2`, ...); empty where all is of one."""
    return {name: summarise(some) for name, some in _bands(outcomes).items()}


def render_table(results: Mapping[str, Sequence[Outcome]], turns: int) -> str:
    """Before and after as a Markdown table: a row for each model, over all problems, by difficulty and by subject."""
    every = [outcome for outcomes in results.values() for outcome in outcomes]
    failures = any(outcome.failed for outcome in every)
    ks = sorted({int(k) for outcomes in results.values() for k in summarise(outcomes).get("pass", ())})
    head = ["problems", "model", "n", *(["failed"] if failures else []), "valid %", "mean match", "solved in 1 %"]
    if turns > 1:
        head += [f"best match of {turns}", *(f"solved in {k} %" for k in _counts(turns)[1:]), "gain, points", "letters"]
    head += [f"pass@{k} %" for k in ks]
    names = list(dict.fromkeys(outcome.subject for outcome in every))
    held_out = {outcome.subject for outcome in every if outcome.held_out}
    parts = {
        model: {"all": list(outcomes), **_bands(outcomes), **_split(outcomes, lambda outcome: outcome.subject)}
        for model, outcomes in results.items()
    }
    rows, few = [], False
    for group in ("all", *_bands(every), *names):
        for model in results:
            some = parts[model].get(group)
            if not some:
                continue
            summary = summarise(some)
            few = few or summary["n"] < FEW
            cells = [f"{group} (held out)" if group in held_out else group, model, str(summary["n"])]
            cells += [str(summary["failed"])] if failures else []
            cells += [_cell(summary, "valid"), _cell(summary, "match"), _cell(summary, "solved_first")]
            if turns > 1:
                cells += [_cell(summary, "best_match")]
                cells += [_cell(_solved_by(summary, k), "by") for k in _counts(turns)[1:]]
                cells += [_cell(summary, "gain", 1), f"{summary['letters']['mean']:.0f}"]
            rows.append([*cells, *(_cell(summary.get("pass", {}), str(k)) for k in ks)])
    lines = table(head, rows)
    if few:
        lines += ["", f"Intervals in rows with n below {FEW} are rough: a bootstrap of so few problems is too narrow."]
    if failures:
        lines += ["", "Failed problems got no answer (" + _reasons(every) + "). They are not scored."]
    return "\n".join(lines) + "\n"


def _reasons(outcomes: Sequence[Outcome]) -> str:
    """The first reason why a problem was not answered."""
    return next(outcome.failed for outcome in outcomes if outcome.failed).rstrip(".")


def _split(outcomes: Sequence[Outcome], name: Callable[[Outcome], str]) -> dict[str, list[Outcome]]:
    parts: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        parts.setdefault(name(outcome), []).append(outcome)
    return parts


def _bands(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Outcomes by tier of the subject and by level, each where there are several."""
    bands: dict[str, list[Outcome]] = {}
    tiers = _split([each for each in outcomes if each.tier is not None], lambda outcome: f"tier {outcome.tier}")
    levels = _split([each for each in outcomes if each.key.level is not None], lambda each: f"level {each.key.level}")
    for parts in (tiers, levels):
        if len(parts) > 1:
            bands |= dict(sorted(parts.items()))
    return bands


def _counts(samples: int) -> list[int]:
    """The k of pass@k: powers of two, and the number of samples."""
    return sorted({*(2**power for power in range(samples.bit_length())), samples})


def _pass(groups: Sequence[Sequence[Outcome]], k: int) -> dict[str, Any]:
    """pass@k in percent, over the problems with at least `k` samples."""
    rates = [
        100 * pass_at_k(len(group), sum(outcome.solved for outcome in group), k) for group in groups if len(group) >= k
    ]
    mean = _mean(rates)
    return {"rate": mean["mean"], "ci": mean["ci"]}


def _average(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _rate(groups: Sequence[Sequence[bool]]) -> dict[str, Any]:
    summary: dict[str, Any] = summarise_rate(groups)
    if len(groups) < 2 and len(groups[0]) > 1 and summary["rate"] not in (0.0, 100.0):
        # Resampling a single problem gives that problem again.
        summary["ci"] = None
    return summary


def _mean(values: Sequence[float]) -> dict[str, Any]:
    if len(values) < 2:
        return {"mean": float(values[0]), "ci": None}
    return summarise_mean(values, "evaluation interval", len(values))


def _solved_by(summary: Mapping[str, Any], k: int) -> dict[str, Any]:
    """Solved by one of the first k answers; where no episode went on for so long, all that is solved at all."""
    return {"n": summary["n"], "by": summary.get("solved_by", {}).get(str(k), summary["solved"])}


def _cell(summary: Mapping[str, Any], name: str, digits: int | None = None) -> str:
    if name not in summary:
        return "-"
    value = summary[name]
    usual, key = (3, "mean") if "mean" in value else (1, "rate")
    digits = usual if digits is None else digits
    if value["ci"] is None:
        return f"{value[key]:.{digits}f} (n = {summary.get('n', 1)})"
    low, high = value["ci"]
    return f"{value[key]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
