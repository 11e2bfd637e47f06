"""PySINDy, tuned: five libraries x thresholds x normalisations x smoothing windows, chosen by re-simulation.

Stock selection (one threshold, or the score on derivatives) does much worse. Here each candidate is simulated over the
record and the one with the least BIC of that simulation is the answer. Of second-order systems only the accelerations
are regressed; that a position's derivative is its velocity is given, as it is to every player. Inputs are further
columns of the library, as PySINDy's `u=` has them.

A candidate must fit the grammar's bounds (384 operators, 2048 characters), so very dense models are out.

Source: B. M. de Silva et al., PySINDy, Journal of Open Source Software 5 (2020) 2104; A. A. Kaptanoglu et al., JOSS 7
(2022) 3994.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from gedanken.bench.peers._records import complete, write_law
from gedanken.errors import Unanswerable
from gedanken.loop import Question
from gedanken.tasks.discover.observation import Observation
from gedanken.worlds.ode.inputs import Drive
from gedanken.worlds.ode.law.parser import MAX_TEXT, parse
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import Array, StateSpace

THRESHOLDS = (0.02, 0.05, 0.1, 0.3)
# Savitzky-Golay windows, in samples; the short one for clean or fast records.
WINDOWS = (7, 15)
# Work for one re-simulation: a stiff or exploding candidate is dropped instead of waited for.
FUEL = 5_000_000


class PySindy:
    """Sparse identification of nonlinear dynamics (STLSQ) with a search over what users tune by hand."""

    name = "pysindy"

    def answer(self, question: Question) -> str:
        """The candidate whose simulation explains the record best for its size."""
        observation: Observation = question.observation
        states = observation.states
        records = complete(states, observation.trajectories)
        drives = [trajectory.drive for trajectory in observation.trajectories]
        best = (np.inf, write_law(states, [[] for _ in states.left_sides]))
        seen: set[str] = set()
        from threadpoolctl import threadpool_limits

        # One thread, as for every player. On such small systems several only wait for each other: ten times slower on a
        # busy machine.
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sparse fits warn of every collinear column
            for law, terms, starts in _candidates(states, records, drives):
                if law not in seen:
                    seen.add(law)
                    best = min(best, (_bic(law, terms, states, records, starts, drives), law))
        answer = {"equation": best[1], "params": {}, "rationale": "Sparse regression, chosen by re-simulation."}
        return orjson.dumps(answer).decode()


def _candidates(
    states: StateSpace, records: Sequence[tuple[Array, Array]], drives: Sequence[Drive | None]
) -> Iterator[tuple[str, int, list[Array]]]:
    """(law, number of terms, smoothed starts) of every setting."""
    import pysindy as ps

    free = [k for k, velocity in enumerate(states.derivative_of) if velocity is None]
    for window in WINDOWS:
        smooth = [_smooth(t, values, window) for t, values in records]
        values = np.concatenate([level for level, _ in smooth])
        slopes = np.concatenate([slope for _, slope in smooth])
        starts = [level[0] for level, _ in smooth]
        # On the even grid that `_smooth` works on.
        times = [np.linspace(t[0], t[-1], len(t)) for t, _ in records]
        outside = [
            np.empty((len(t), 0)) if drive is None else drive.at(t) for t, drive in zip(times, drives, strict=True)
        ]
        values = np.hstack([values, np.concatenate(outside)])
        for library in _libraries(ps):
            features = np.asarray(library.fit(values).transform(values))
            if not np.isfinite(features).all():
                continue
            names = [_translate(name) for name in library.get_feature_names([*states.columns, *states.input_names])]
            for threshold in THRESHOLDS:
                for normalize in (False, True):
                    # The threshold acts on the coefficients; in units of each target's spread it means the same
                    # for a body that falls 300 m and for a shell that swings 0.3 rad.
                    spread = slopes[:, free].std(0) + 1e-300
                    optimizer = ps.STLSQ(threshold=threshold, alpha=1e-6, normalize_columns=normalize, max_iter=20)
                    fitted = optimizer.fit(features, slopes[:, free] / spread)
                    coefficients = np.asarray(fitted.coef_) * spread[:, None]
                    sides = [
                        [(value, name) for value, name in zip(row.tolist(), names, strict=True) if value != 0.0]
                        for row in coefficients
                    ]
                    law = write_law(states, sides)
                    if len(law) <= MAX_TEXT:
                        yield law, int(np.count_nonzero(coefficients)), starts


def _libraries(ps: Any) -> list[Any]:
    """Polynomials of degree 1 to 3, and degrees 1 and 2 with sines and cosines."""
    polynomials = [ps.PolynomialLibrary(degree=degree) for degree in (1, 2, 3)]
    with_waves = [ps.PolynomialLibrary(degree=degree) + ps.FourierLibrary(n_frequencies=1) for degree in (1, 2)]
    return [*polynomials, *with_waves]


def _smooth(t: Array, values: Array, window: int) -> tuple[Array, Array]:
    """Levels and slopes of a record, by Savitzky-Golay filters on an even grid."""
    from scipy.signal import savgol_filter

    even = np.linspace(t[0], t[-1], len(t))
    grid = np.column_stack([np.interp(even, t, column) for column in values.T])
    length = min(window, len(t) - (len(t) + 1) % 2)
    order = min(3, length - 1)
    level = savgol_filter(grid, length, order, axis=0)
    slope = savgol_filter(grid, length, order, deriv=1, delta=even[1] - even[0], axis=0)
    return level, slope


def _translate(name: str) -> str:
    """A feature in the grammar: `x0 x1^2` is `x0*x1**2`, `sin(1 x0)` is `sin(x0)`."""
    name = re.sub(r"\((?:1 )(\w+)\)", r"(\1)", name)
    return name.replace("^", "**").replace(" ", "*")


def _bic(
    law: str,
    terms: int,
    states: StateSpace,
    records: Sequence[tuple[Array, Array]],
    starts: Sequence[Array],
    drives: Sequence[Drive | None],
) -> float:
    """BIC, n log(mean squared error) + k log(n) of the re-simulated record, columns in units of their spread."""
    try:
        parse(law, states)
    except Unanswerable:
        return np.inf
    spread = np.concatenate([values for _, values in records]).std(0) + 1e-300
    errors = []
    for (t, values), start, drive in zip(records, starts, drives, strict=True):
        solution = simulate(law, states, {}, start, t, rtol=1e-5, atol=1e-8, fuel=FUEL, drive=drive)
        if solution.reason:
            return np.inf
        errors.append(((solution.values - values) / spread).ravel())
    residual = np.concatenate(errors)
    return float(residual.size * np.log(np.mean(residual**2) + 1e-12) + terms * np.log(residual.size))


load = PySindy
