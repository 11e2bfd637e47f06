"""Discovery without a language model: the search behind the player `sparse`.

    discover(states, trajectories, hint) -> Discovery

smooth.py reads the noise and the signal off the samples; library.py has the atoms and what they cost; weak.py proposes
right-hand sides from the smoothed record and quasilinear.py from a linearised simulation; search.py fits them through
the simulator (worlds/ode/fit.py) and keeps the best by an information criterion in which tying.py prices shared and
unit constants; identify.py says what is known and what is not.
"""

from gedanken.sparse.identify import Candidate, Discovery, Experiment, discover

__all__ = ["Candidate", "Discovery", "Experiment", "discover"]
