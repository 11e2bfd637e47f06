"""Fit equations to records.

`fit` is the whole of it for one equation. `Compiler`, `Record` and `refine` are its parts, for a search that fits
thousands of equations to the same samples.
"""

from gedanken.worlds.ode.fit.least_squares import SCHEDULE, Fit, Refined, covariance_of, fit, refine
from gedanken.worlds.ode.fit.program import Compiler, Program, differentiate, evaluate, simulate_pieces
from gedanken.worlds.ode.fit.records import Record

__all__ = [
    "SCHEDULE",
    "Compiler",
    "Fit",
    "Program",
    "Record",
    "Refined",
    "covariance_of",
    "differentiate",
    "evaluate",
    "fit",
    "refine",
    "simulate_pieces",
]
