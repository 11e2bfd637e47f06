"""`discover` behind the methods that scikit-learn's tools expect; scikit-learn itself is not needed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.own_data.result import Result, discover
from gedanken.worlds.ode.trajectory import Array, r_squared


class LawEstimator:
    """A law of motion as an estimator: `fit(X, t)`, `predict(t, start)`, `score(X, t)`.

    Attributes:
        result_: what `fit` found, with law, constants and reports.
    """

    result_: Result

    def __init__(
        self,
        *,
        state: Sequence[str] | None = None,
        order: int | None = None,
        hint: str | None = None,
        player: str = "sparse",
    ):
        """Args: as those of `discover`."""
        self.state, self.order, self.hint, self.player = state, order, hint, player

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options, by name."""
        return {"state": self.state, "order": self.order, "hint": self.hint, "player": self.player}

    def set_params(self, **params: Any) -> "LawEstimator":
        """Change options.

        Raises:
            ValueError: there is none of that name.
        """
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"LawEstimator has no option {name!r}")
            setattr(self, name, value)
        return self

    def fit(self, X: Any, t: Any) -> "LawEstimator":
        """Find the law.

        Args:
            X: samples (m, n), a column for each of the states; or a list of such, one a trial.
            t: their times (m,), or a list of such.

        Raises:
            UserError: data that cannot be used.
        """
        self.result_ = discover(X, time=t, state=self.state, order=self.order, hint=self.hint, player=self.player)
        return self

    def predict(self, t: Any, start: Mapping[str, float] | Sequence[float] | None = None) -> Array:
        """The law's solution at times t (m,), shape (m, n); see `Result.predict`."""
        return np.asarray(self._fitted.predict(t, start))

    def score(self, X: Any, t: Any) -> float:
        """Mean R2 of the solution from the first sample, over the columns of X (m, n) that vary.

        Raises:
            UserError: X has other columns than the law.
        """
        values = np.asarray(X, np.float64)
        values = values[:, None] if values.ndim == 1 else values
        columns = self._fitted.finding.states.columns
        if values.ndim != 2 or values.shape[1] != len(columns):
            raise UserError(f"a score needs a column for each of {', '.join(columns)}, not an array {values.shape}")
        return float(np.nanmean(r_squared(values, self.predict(t, values[0]))))

    @property
    def _fitted(self) -> Result:
        if not hasattr(self, "result_"):
            raise UserError("the estimator has not been fitted yet; call fit(X, t) first")
        return self.result_
