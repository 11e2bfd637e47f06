"""Discovery without a language model: the search behind the player `sparse`.

    discover(states, trajectories, hint) -> Discovery

The files by what they do, each step using those above it:

    smooth   kalman.py       Kalman smoother of one coordinate
             smooth.py       noise level, outliers and signal of a record
    propose  library.py      the atoms that laws are sums of, and their prior costs
             inputs.py        the atoms that name measured inputs and constants of a trial
             subsets.py      best subsets of the columns of a regression
             weak.py         right-hand sides from the smoothed record (weak form)
             linearise.py    the simulation, linearised along a trajectory
             quasilinear.py  changes of a structure, from the linearised simulation
    fit      structure.py    the terms of each equation: prior cost, text in the grammar
             tying.py        which constants are one, or shared
             criterion.py    the information criterion of a law on the record
             start.py        what a hint states of the start
             fitting.py      fits of structures through the simulator (worlds/ode/fit)
    choose   combinations.py whole laws from the right-hand sides of each equation
             search.py       which structures are proposed and fitted, in which order
             residuals.py    whether residuals are independent noise
             ladder.py       from simple laws to complex ones, and the simplest that predicts as well as the best
             discovery.py    the result: laws, uncertainties, rivals, the experiment that would decide
             finishing.py    laws fitted again, to high accuracy
             identify.py     the laws to report, their uncertainties and rivals
    warm.py                  compile it all, once
"""

from gedanken.sparse.discovery import Candidate, Discovery, Experiment
from gedanken.sparse.identify import discover

__all__ = ["Candidate", "Discovery", "Experiment", "discover"]
