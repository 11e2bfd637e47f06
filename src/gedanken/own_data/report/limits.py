"""What the data cannot tell, worked out from the numbers: a report says it as plainly as what they can."""

import math
import re
from itertools import combinations

import numpy as np

from gedanken.own_data.finding import Finding
from gedanken.sparse.ladder import EXACT
from gedanken.sparse.residuals import FEWEST, likeness

ALIKE, WEAKER = 2.0, 6.0  # differences of -2 log posterior; "not worth more than a bare mention", "positive"
# (R. E. Kass and A. E. Raftery, Bayes factors, Journal of the American Statistical Association 90, 1995)


def limits(finding: Finding) -> list[str]:
    """What the data cannot tell, a sentence each."""
    found = [*finding.record.caveats, *(each for each in finding.doubts if each not in finding.observations)]
    if finding.fitted is None:
        return [*found, "No law was found."]
    columns = [c for c in finding.states.columns if c in finding.r2]
    if not finding.accepted:
        lines = finding.baselines.get("straight line", {})
        found.append(
            f"No law was found that explains the record: the best of those tried has R2 {finding.match:.3f}"
            + (f", a straight line {float(np.mean(list(lines.values()))):.3f}." if lines else ".")
        )
    if (uses := finding.law.equations.uses_time) and finding.record.problem.observation.clock:
        found.append("The law names the time t: from another moment on, the same start moves otherwise.")
    elif uses and not any("names the time" in each for each in finding.doubts):
        found.append("The law names the time t, which follows any record: a last resort.")
    if finding.standard_errors is not None:
        for name, value in finding.params.items():
            half = finding.half_width(name)
            if not math.isfinite(half):
                found.append(f"{name} is not determined: other values, with the others adjusted, fit as well.")
            elif half >= abs(value):
                found.append(
                    f"{name} may be zero, and its term absent: its interval runs from {value - half:.3g} to "
                    f"{value + half:.3g}."
                )
            elif half > 0.5 * abs(value):
                found.append(f"{name} is known only roughly, {value - half:.3g} to {value + half:.3g}.")
    for name in columns:
        left = finding.residuals(name)
        if 1.0 - finding.r2[name] > EXACT and (alike := likeness(left)) is not None:
            if any(f"over in {name} " in each for each in finding.doubts):
                continue
            found.append(
                f"What is left over in {name} is not noise: neighbouring residuals are alike (correlation "
                f"{alike:.2f}), so the law misses something there, if only "
                f"{_share(1.0 - finding.r2[name])} of the variance"
                f"{_repeats(finding, name)}."
            )
    ranked = finding.ranked()
    closer = [a for delta, a in ranked if delta <= -ALIKE]
    alike_laws = [a for delta, a in ranked if abs(delta) < ALIKE]
    if closer:
        found.append(
            f"Longer laws come closer to the record, `{plain(closer[0].equation)}` closest, but they predict no better."
            if finding.reason
            else f"`{plain(closer[0].equation)}` has the better criterion."
        )
    elif alike_laws:
        shown = ", ".join(f"`{plain(a.equation)}`" for a in alike_laws[:3])
        many = f"{len(alike_laws)} other laws fit" if len(alike_laws) > 1 else "Another law fits"
        found.append(f"{many} the data as well as this one: {shown}.")
    elif ranked and 0 < ranked[0][0] < WEAKER:
        found.append(f"The data prefer this law to `{plain(ranked[0][1].equation)}`, but not strongly.")
    hidden = [c for c in finding.states.columns if c not in finding.r2]
    if hidden:
        was = "were" if len(hidden) > 1 else "was"
        found.append(f"{' and '.join(hidden)} {was} not measured and inferred from the law itself.")
    few = [k for k in finding.shown if k > 1]
    if few:
        found.append(
            f"The start of the held-out samples was not measured in full; it comes from the first {max(few)} of them, "
            "and only the later ones are scored."
        )
    samples = sum(int(np.isfinite(r).sum()) for c in columns for r in finding.residuals(c))
    free = len(finding.params) + finding.states.size * (len(finding.trajectories) - len(finding.held_out))
    if samples < 5 * free:
        found.append(
            f"{samples} numbers were fitted with {free} free constants, starting values included: few for so many."
        )
    if len(finding.trajectories) - len(finding.held_out) == 1 and not finding.held_out:
        found.append("There is one trial only: whether the law holds from another start is untested.")
    spans = ", ".join(f"{c} from {low:.3g} to {high:.3g}" for c in columns for low, high in [_range(finding, c)])
    if spans:
        found.append(f"The law is tested only where the data are: {spans}.")
    return found


def _share(share: float) -> str:
    return f"{100 * share:.2g} %"


def _repeats(finding: Finding, column: str) -> str:
    """Whether what is left over is the same in every trial, or differs: then it is no term of a common law."""
    trials = finding.record.fitted
    left = finding.residuals(column)
    pairs = []
    for (a, first), (b, second) in combinations(list(zip(trials, left, strict=True))[:6], 2):
        known = np.isfinite(second)
        if known.sum() < 2:
            continue
        there = np.interp(a.t - a.t[0], b.t[known] - b.t[0], second[known], right=np.nan)
        both = np.isfinite(first) & np.isfinite(there)
        if both.sum() >= FEWEST and np.std(first[both]) > 0 and np.std(there[both]) > 0:
            pairs.append(float(np.corrcoef(first[both], there[both])[0, 1]))
    if not pairs:
        return ""
    if np.mean(pairs) > 0.5:
        return "; it is the same in every trial, as a missing term of the time would be"
    if np.mean(pairs) < 0.3:
        return "; it does not repeat from trial to trial, as random forcing or something unrecorded would not"
    return ""


def _range(finding: Finding, column: str) -> tuple[float, float]:
    values = np.concatenate([t.values[:, finding.states.columns.index(column)] for t in finding.trajectories])
    return float(np.nanmin(values)), float(np.nanmax(values))


def plain(text: str) -> str:
    """Text from outside on one line, without what Markdown or HTML would make something of."""
    return " ".join(re.sub(r"[`<>\x00-\x1f\x7f]", " ", text).split())
