"""How a re-simulated trajectory misses the data, in English: column, time span, sign and shape of the residual."""

from math import log

from gedanken.worlds.ode.misfit import Shape, measure_shapes
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

# Shares of a column's standard deviation and relative gaps below which a difference is not worth a sentence.
NOTICEABLE = 0.15
RATIO = 0.06
# Smallest gap of two frequencies that a record of some periods can tell, for a prediction that is otherwise right.
DRIFT = 0.004


def describe_mismatch(states: StateSpace, observed: Trajectory, predicted: Array, r2: tuple[float, ...]) -> str:
    """One or two sentences on each column that the prediction misses, worst column first.

    Args:
        states: names of the columns.
        observed: the samples, NaN where there are none.
        predicted: the re-simulated samples, shape (m, n); rows after a breakdown are NaN.
        r2: R2 of each column, NaN where the column was not observed.
    """
    reached, shapes = measure_shapes(observed.t, observed.values, predicted, NOTICEABLE)
    head = ""
    if reached < len(observed.t):
        head = f"The simulation left the finite numbers near t={observed.t[reached]:.3g}. "
        if reached < 8:
            return head.strip()
    columns = [(r2[k], k, shape) for k, shape in enumerate(shapes) if shape is not None]
    sentences = []
    for fit, k, shape in sorted(columns):
        # What is small and shapeless is no mismatch.
        if shape.largest >= NOTICEABLE:
            said = ", ".join([_span_and_sign(shape), *(_oscillation(shape) or _trend(shape))])
            sentences.append(f"{states.columns[k]} (R2 {fit:.3f}): {said}.")
    if not sentences:
        return head + "No column shows a pattern in its residual beyond the noise."
    return head + " ".join(sentences[:3])


def _span_and_sign(shape: Shape) -> str:
    where = "throughout" if shape.off > 0.9 else f"from t={shape.first:.3g} to t={shape.last:.3g}"
    if shape.above > 0.85:
        how = f"too high {where}"
    elif shape.above < 0.15:
        how = f"too low {where}"
    elif shape.turns == 1:
        before, after = ("high", "low") if shape.begins > 0 else ("low", "high")
        how = f"too {before} up to t={shape.turn:.3g} and too {after} after"
    else:
        how = f"now above, now below the data {where}"
    return f"the prediction is {how}"


def _oscillation(shape: Shape) -> list[str]:
    """Frequency, amplitude and decay of an oscillating column against the prediction's."""
    if shape.data_crossings < 3:
        return []
    if shape.model_crossings < 3:
        return ["the data oscillate and the prediction does not"]
    found = []
    frequency = ((shape.model_crossings - 1) / shape.model_span) / ((shape.data_crossings - 1) / shape.data_span)
    if abs(frequency - 1.0) > RATIO:
        found.append(
            f"it oscillates {'faster' if frequency > 1 else 'slower'} than the data (frequency x{frequency:.2f})"
        )
    if abs(log(max(shape.decay, 1e-9))) > log(1.15):
        found.append(f"its amplitude decays too {'slowly' if shape.decay > 1 else 'fast'}")
    elif abs(shape.amplitude - 1.0) > 2 * RATIO:
        found.append(f"its amplitude is too {'large' if shape.amplitude > 1 else 'small'} (x{shape.amplitude:.2f})")
    if not found and abs(frequency - 1.0) > DRIFT:
        how = "faster" if frequency > 1 else "slower"
        found.append(f"it oscillates slightly {how} than the data and runs out of phase (frequency x{frequency:.3f})")
    return found or ["it runs out of phase"]


def _trend(shape: Shape) -> list[str]:
    """Whether a residual without oscillation is an offset, a drift or a growing gap."""
    if shape.late > 3 * shape.early + shape.scatter:
        return ["the gap grows with time"]
    if shape.early > 3 * shape.late + shape.scatter:
        return ["the gap shrinks with time"]
    if abs(shape.slope) > max(0.3, 3 * shape.scatter):
        return [f"the residual drifts {'up' if shape.slope > 0 else 'down'}"]
    if abs(shape.curve) > 1.0:
        return [f"the residual is bent {'upwards' if shape.curve > 0 else 'downwards'}"]
    if abs(shape.level + shape.slope / 2) > NOTICEABLE:
        return ["by a nearly constant offset"]
    return []
