"""Sparse regression for structure, then least squares through the simulator: the default player."""

from gedanken.tasks.discover.sparse import Sparse

load = Sparse
