"""What the data cannot tell, worked out from the numbers: a report says it as plainly as what they can."""

import math
import re
from collections.abc import Sequence

import numpy as np

from gedanken.own_data.discovery import Finding
from gedanken.worlds.ode.trajectory import Array

ALIKE, WEAKER = 2.0, 6.0  # differences of -2 log posterior; "not worth more than a bare mention", "positive"
# (R. E. Kass and A. E. Raftery, Bayes factors, Journal of the American Statistical Association 90, 1995)


def limits(finding: Finding) -> list[str]:
    """What the data cannot tell, a sentence each."""
    found = list(finding.record.caveats)
    columns = [c for c in finding.states.columns if c in finding.r2]
    if not finding.solved:
        found.append(f"The law does not explain the data well enough to be accepted: its match is {finding.match:.3f}.")
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
        if (likeness := _likeness(finding.residuals(name))) is not None:
            found.append(
                f"What is left over in {name} is not noise: neighbouring residuals are alike (correlation "
                f"{likeness:.2f}), so the law misses something there and the intervals are too narrow."
            )
    ranked = finding.ranked()
    alike = [a for delta, a in ranked if delta < ALIKE]
    if alike:
        shown = ", ".join(f"`{plain(a.equation)}`" for a in alike[:3])
        many = f"{len(alike)} other laws fit" if len(alike) > 1 else "Another law fits"
        found.append(f"{many} the data as well as this one: {shown}.")
    elif ranked and ranked[0][0] < WEAKER:
        found.append(f"The data prefer this law to `{plain(ranked[0][1].equation)}`, but not strongly.")
    hidden = [c for c in finding.states.columns if c not in finding.r2]
    if hidden:
        found.append(f"{' and '.join(hidden)} was not measured and is inferred from the law itself.")
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


def _likeness(residuals: Sequence[Array]) -> float | None:
    """Correlation of neighbouring residuals where it is too large for noise (above three standard errors)."""
    pairs = [(r[:-1], r[1:]) for r in residuals if len(r) > 1]
    before, after = (np.concatenate([pair[k] for pair in pairs]) if pairs else np.empty(0) for k in (0, 1))
    known = np.isfinite(before) & np.isfinite(after)
    if known.sum() < 10:
        return None
    before, after = before[known], after[known]
    power = math.sqrt(float(before @ before) * float(after @ after))
    scale = max(float(np.abs(before).max()), float(np.abs(after).max()))
    correlation = float(before @ after) / power if power > 1e-18 * max(scale, 1e-300) ** 2 else 0.0
    return correlation if correlation > 3 / math.sqrt(known.sum()) else None


def _range(finding: Finding, column: str) -> tuple[float, float]:
    values = np.concatenate([t.values[:, finding.states.columns.index(column)] for t in finding.trajectories])
    return float(np.nanmin(values)), float(np.nanmax(values))


def plain(text: str) -> str:
    """Text from outside on one line, without what Markdown or HTML would make something of."""
    return " ".join(re.sub(r"[`<>\x00-\x1f\x7f]", " ", text).split())
