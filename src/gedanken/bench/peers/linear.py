"""The lower end of the scale: the best linear law with constant coefficients, by least squares on its integral form."""

import numpy as np
import orjson
from scipy.integrate import cumulative_trapezoid

from gedanken.bench.peers._records import complete, write_law
from gedanken.loop import Question
from gedanken.tasks.discover.observation import Observation


class Linear:
    """Fits x(t) - x(0) = b t + A * (integral of the states), which needs no derivative of noisy data."""

    name = "linear"

    def answer(self, question: Question) -> str:
        """The linear law, its coefficients written out."""
        observation: Observation = question.observation
        states = observation.states
        features, targets = [], []
        for t, values in complete(states, observation.trajectories):
            integrals = cumulative_trapezoid(values, t, axis=0, initial=0.0)
            # A free offset for each trial: its first sample is as noisy as the rest.
            features.append(np.column_stack([t - t[0], integrals]) - np.column_stack([t - t[0], integrals]).mean(0))
            targets.append(values - values.mean(0))
        design, wanted = np.concatenate(features), np.concatenate(targets)
        scale = np.sqrt((design**2).mean(0)) + 1e-300
        coefficients = np.linalg.lstsq(design / scale, wanted, rcond=1e-10)[0] / scale[:, None]
        free = [k for k, velocity in enumerate(states.derivative_of) if velocity is None]
        names = ("1", *states.columns)
        law = write_law(states, [list(zip(coefficients[:, k].tolist(), names, strict=True)) for k in free])
        return orjson.dumps({"equation": law, "params": {}, "rationale": "The best linear law."}).decode()


load = Linear
