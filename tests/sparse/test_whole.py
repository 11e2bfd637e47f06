"""Where only laws count that can be followed from one start, none of short pieces is looked for."""

import numpy as np

from gedanken.seeding import stream
from gedanken.sparse import discover
from gedanken.tasks.discover.observation import Observation
from gedanken.tasks.discover.players.sparse import Sparse
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

STATES = StateSpace.first_order("x", "y", "z")


def wandering(samples=160):
    """Three random walks, which no law follows."""
    steps = stream("test", "whole", "walk").standard_normal((samples, 3))
    return Trajectory(np.linspace(0.0, 16.0, samples), steps.cumsum(0))


def test_pieces_of_a_record_that_nothing_follows_are_searched_only_where_they_count():
    whole = discover(STATES, [wandering()], clock=None, whole=True)
    assert whole.gave_up
    assert whole.segments == 1
    player = Sparse()
    seen = Observation(STATES, (wandering(),), clock=None)
    assert player.discover(seen, whole=True).gave_up
    assert player.discover(seen, whole=True) is player.discover(seen, whole=True)
    again = player.discover(seen)
    assert not again.gave_up
    assert again.fits > whole.fits
    assert player.discover(seen, whole=True) is again
