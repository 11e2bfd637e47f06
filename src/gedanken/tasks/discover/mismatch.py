"""How a re-simulated trajectory misses the data, in English: column, time span, sign and shape of the residual."""

import numpy as np

from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

# Shares of a column's standard deviation and relative gaps below which a difference is not worth a sentence.
NOTICEABLE = 0.15
RATIO = 0.06


def describe_mismatch(states: StateSpace, observed: Trajectory, predicted: Array, r2: tuple[float, ...]) -> str:
    """One or two sentences on each column that the prediction misses, worst column first.

    Args:
        states: names of the columns.
        observed: the samples, NaN where there are none.
        predicted: the re-simulated samples, shape (m, n); rows after a breakdown are NaN.
        r2: R2 of each column, NaN where the column was not observed.
    """
    reached = np.isfinite(predicted).all(1)
    if not reached.all():
        broken = float(observed.t[int(np.argmin(reached))])
        head = f"The simulation left the finite numbers near t={broken:.3g}. "
        span = slice(0, int(np.argmin(reached)))
        if span.stop < 8:
            return head.strip()
    else:
        head, span = "", slice(None)
    columns = [k for k in range(states.size) if np.isfinite(observed.values[span, k]).sum() >= 4]
    columns.sort(key=lambda k: r2[k])
    sentences = []
    for k in columns:
        seen = np.isfinite(observed.values[span, k])
        sentence = _describe_column(
            observed.t[span][seen], observed.values[span, k][seen], predicted[span, k][seen], float(r2[k])
        )
        if sentence:
            sentences.append(f"{states.columns[k]} (R2 {r2[k]:.3f}): {sentence}.")
    if not sentences:
        return head + "No column shows a pattern in its residual beyond the noise."
    return head + " ".join(sentences[:3])


def _describe_column(t: Array, observed: Array, predicted: Array, r2: float) -> str:
    """What one column's residual looks like, or an empty string where it is small and shapeless."""
    spread = float(observed.std()) or 1.0
    residual = (predicted - observed) / spread
    smooth = _running_mean(residual)
    if np.abs(smooth).max() < NOTICEABLE:
        return ""
    parts = [_span_and_sign(t, smooth)]
    parts += _oscillation(t, observed, predicted) or _trend(t, residual)
    return ", ".join(part for part in parts if part)


def _running_mean(x: Array, width: int = 5) -> Array:
    """Centred mean over `width` samples, shorter at the ends, so that one noisy sample is no mismatch."""
    kernel = np.ones(min(width, len(x)))
    return np.asarray(np.convolve(x, kernel, "same") / np.convolve(np.ones(len(x)), kernel, "same"))


def _span_and_sign(t: Array, residual: Array) -> str:
    off = np.abs(residual) > NOTICEABLE
    first, last = np.flatnonzero(off)[[0, -1]]
    where = "throughout" if off.mean() > 0.9 else f"from t={t[first]:.3g} to t={t[last]:.3g}"
    signs = np.sign(residual[off])
    turns = np.flatnonzero(np.diff(signs))
    share = (signs > 0).mean()
    if share > 0.85:
        how = f"too high {where}"
    elif share < 0.15:
        how = f"too low {where}"
    elif len(turns) == 1:
        before, after = ("high", "low") if signs[0] > 0 else ("low", "high")
        how = f"too {before} up to t={t[off][turns[0]]:.3g} and too {after} after"
    else:
        how = f"now above, now below the data {where}"
    return f"the prediction is {how}"


def _crossings(t: Array, x: Array) -> Array:
    """Times at which x - mean changes sign, with hysteresis of a quarter of its spread against noise."""
    y = (x - x.mean()) / (x.std() or 1.0)
    state, times = 0, []
    for k, value in enumerate(y):
        side = 1 if value > 0.25 else -1 if value < -0.25 else 0
        if side and side != state:
            if state:
                times.append(t[k])
            state = side
    return np.array(times)


def _oscillation(t: Array, observed: Array, predicted: Array) -> list[str]:
    """Frequency, amplitude and decay of an oscillating column against the prediction's."""
    data, model = _crossings(t, observed), _crossings(t, predicted)
    if len(data) < 3:
        return []
    if len(model) < 3:
        return ["the data oscillate and the prediction does not"]
    found = []
    frequency = ((len(model) - 1) / np.ptp(model)) / ((len(data) - 1) / np.ptp(data))
    if abs(frequency - 1.0) > RATIO:
        found.append(
            f"it oscillates {'faster' if frequency > 1 else 'slower'} than the data (frequency x{frequency:.2f})"
        )
    half = len(t) // 2
    decay = (predicted[half:].std() / (predicted[:half].std() or 1.0)) / (
        observed[half:].std() / (observed[:half].std() or 1.0) or 1.0
    )
    amplitude = predicted.std() / (observed.std() or 1.0)
    if abs(np.log(max(decay, 1e-9))) > np.log(1.15):
        found.append(f"its amplitude decays too {'slowly' if decay > 1 else 'fast'}")
    elif abs(amplitude - 1.0) > 2 * RATIO:
        found.append(f"its amplitude is too {'large' if amplitude > 1 else 'small'} (x{amplitude:.2f})")
    return found or ["it runs out of phase"]


def _trend(t: Array, residual: Array) -> list[str]:
    """Whether a residual without oscillation is an offset, a drift or a growing gap."""
    u = (t - t[0]) / np.ptp(t)
    slope, level = np.polyfit(u, residual, 1)
    curve = np.polyfit(u, residual, 2)[0]
    scatter = float(np.std(np.diff(residual))) / np.sqrt(2) + 1e-12
    late, early = np.abs(residual[u > 0.7]).mean(), np.abs(residual[u < 0.3]).mean()
    if late > 3 * early + scatter:
        return ["the gap grows with time"]
    if early > 3 * late + scatter:
        return ["the gap shrinks with time"]
    if abs(slope) > max(0.3, 3 * scatter):
        return [f"the residual drifts {'up' if slope > 0 else 'down'}"]
    if abs(curve) > 1.0:
        return [f"the residual is bent {'upwards' if curve > 0 else 'downwards'}"]
    if abs(level + slope / 2) > NOTICEABLE:
        return ["by a nearly constant offset"]
    return []
