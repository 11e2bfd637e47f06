"""Sparse regression for structure, then least squares through the simulator: the default, and a baseline in every table."""

from gedanken.tasks.discover.sparse import Sparse

load = Sparse
