"""How a system is observed: noise, sampling, what is hidden, what the hint says."""

from dataclasses import dataclass, replace

import numpy as np

from gedanken.errors import UserError
from gedanken.worlds.ode import corrupt, system
from gedanken.worlds.ode.knowledge.knowledge import STATEMENTS
from gedanken.worlds.ode.trajectory import Trajectory

HINT_LEVELS = ("full", "names", "anonymous")

_LIMITS = {
    "noise": (0.0, 1.0),
    "samples": (8, 1000),
    "gaps": (0, 5),
    "outliers": (0.0, 0.2),
    "trials": (1, 16),
    "rows": (4, 200),
}


@dataclass(frozen=True)
class Conditions:
    """How a system is observed.

    Attributes:
        noise: standard deviation of the noise, as a share of each column's own.
        samples: how many samples; None for the system's own number.
        uneven: sample times drawn at random instead of evenly.
        gaps: how many spans of a tenth of the record are missing.
        outliers: share of the samples that are wrong by several standard deviations.
        positions_only: velocities are not observed.
        trials: how many starts are observed.
        hint: `full`, `names` (says what the variables are) or `anonymous` (variables are renamed, too).
        rows: rows of the record that the prompt shows, for models with little context; None for as many as are useful.
            All samples count in the verdict.
    """

    noise: float = 0.05
    samples: int | None = None
    uneven: bool = False
    gaps: int = 0
    outliers: float = 0.0
    positions_only: bool = False
    trials: int = 1
    hint: str = "full"
    rows: int | None = None

    def __post_init__(self) -> None:
        # Conditions arrive from command lines and sockets, so their types are checked, too.
        for name in ("uneven", "positions_only"):
            if type(getattr(self, name)) is not bool:
                raise UserError(f"{name} must be true or false, not {getattr(self, name)!r}")
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if name in ("samples", "rows") and value is None:
                continue
            kinds = (int,) if type(low) is int else (int, float)
            if type(value) not in kinds:
                raise UserError(f"{name} must be a {'whole ' if type(low) is int else ''}number, not {value!r}")
            if not low <= value <= high:
                raise UserError(f"{name} must lie between {low} and {high}, not {value}")
        if self.hint not in HINT_LEVELS:
            raise UserError(f"hint is {', '.join(HINT_LEVELS)}, not {self.hint!r}")


_NUMBER = (int, float)

TYPES: dict[str, tuple[type, ...]] = {
    "noise": _NUMBER,
    "samples": (int,),
    "uneven": (bool,),
    "gaps": (int,),
    "outliers": _NUMBER,
    "positions_only": (bool,),
    "trials": (int,),
    "hint": (str,),
    "rows": (int,),
    **dict.fromkeys(STATEMENTS, (str,)),
}
"""The types that each condition takes, and each statement of what is known of the law."""

LEVELS: dict[int, Conditions] = {
    1: Conditions(noise=0.0),
    2: Conditions(noise=0.01),
    3: Conditions(noise=0.05),
    4: Conditions(noise=0.10, uneven=True),
    5: Conditions(noise=0.10, uneven=True, gaps=1, outliers=0.02),
}
"""How hard an instance is. With the level the record gets noisier, then irregular, then incomplete."""


def observe(
    instance: system.Instance, conditions: Conditions, rng: np.random.Generator, name: str
) -> tuple[Trajectory, Trajectory, Trajectory]:
    """One trial: what is shown, what is scored (the same less its outliers), and the clean samples at those times."""
    t = instance.times if conditions.samples is None else np.linspace(0.0, instance.duration, conditions.samples)
    if conditions.uneven:
        t = corrupt.uneven_times(t, rng)
    clean = system.trajectory(instance, t, name)
    seen = corrupt.add_noise(clean, conditions.noise, rng)
    for _ in range(conditions.gaps):
        seen = corrupt.cut_gap(seen, 0.1, rng)
    if conditions.positions_only:
        seen = corrupt.hide_velocities(seen, instance.system.states)
    kept = seen
    if conditions.outliers:
        seen, wrong = corrupt.add_outliers(seen, conditions.outliers, rng)
        kept = replace(seen, values=np.where(wrong, np.nan, seen.values))
    return seen, kept, clean
