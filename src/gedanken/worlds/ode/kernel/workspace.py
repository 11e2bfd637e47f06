"""Scratch arrays of each thread, and the call of the compiled entry point with them."""

import threading
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.ode.kernel import jit, score
from gedanken.worlds.ode.trajectory import Array

_building = threading.Lock()


@cache
def _build_once() -> None:
    score.build()


def _build() -> None:
    with _building:  # numba refuses a second compilation, and a server's first answers arrive together
        _build_once()


class Workspace(threading.local):
    """Scratch arrays of a thread, so that scoring allocates nothing.

    Attributes:
        floats: see `score.FLOATS`.
        integers: see `score.INTEGERS`.
        result: row of results of a single answer, shape (1, `score.RESULT`).
        index: where a single answer's text, names and values begin and end, and its status; see `score.score_many`.
        ends: `index` as a flat memory view, which is faster to write to.
        info: part of `integers`, the work of the last integration; see `dopri5.INFO`.
    """

    def __init__(self) -> None:
        _build()
        self.floats = np.zeros(score.FLOATS)
        self.integers = np.zeros(score.INTEGERS, np.int64)
        self.result = np.zeros((1, score.RESULT))
        self.index = np.zeros((4, 2), np.int64)
        self.ends = memoryview(self.index.data).cast("B").cast("q")
        self.info = self.integers[score.AT_INFO : score.INTEGERS]

    def trajectory(self, n: int) -> Array:
        """The solution of the last answer, of n states: a view of `floats`, shape (1024, n * (n + 1))."""
        scratch = getattr(score.scratch, "py_func", score.scratch)
        view: Array = scratch(self.floats, n)[2]
        return view

    def copy_trajectory(self, m: int, n: int, written: int) -> Array:
        """The solution of the last answer, shape (m, n), NaN from where it ended."""
        values: Array = self.trajectory(n)[:m, :n].copy()
        if written < m:
            values[written:] = np.nan
        return values


_workspace: Workspace | None = None


def workspace() -> Workspace:
    """The arrays of this thread. The first call of a process compiles the kernels or loads them from the cache."""
    global _workspace
    if _workspace is None:
        _workspace = Workspace()
    return _workspace


def warm_up(progress: Callable[[str], None] | None = None) -> None:
    """Load the compiled kernels, or compile them: about half a minute, once for a machine and version.

    Args:
        progress: called with the name of each function that is compiled, not of those that come from the cache.
    """
    with jit.announce(progress):
        workspace()


def run_one(
    symbols: NDArray[np.uint8], packed: Array, answer: tuple[bytes, bytes, list[float]], mode: int
) -> tuple[Workspace, int, list[float]]:
    """Run one encoded answer (text, names, values) against a packed track.

    Returns:
        The workspace, which holds the solution; the status; the row of results.
    """
    space = workspace()
    text, names, values = answer
    ends = space.ends
    ends[1], ends[3], ends[5] = len(text), len(names), len(values)
    array = np.array(values, np.float64)
    score.score_many(
        text, names, array, space.index, symbols, packed, space.floats, space.integers, space.result, mode, 0, 1
    )
    return space, ends[6], space.result[0].tolist()
