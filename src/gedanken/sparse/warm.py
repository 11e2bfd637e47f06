"""Compile the simulator and the search, once a machine and version, in two processes that fill the same cache."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np

from gedanken.sparse import subsets
from gedanken.sparse.identify import discover
from gedanken.worlds.ode.fit import Program, Record, differentiate, evaluate, kernels, refine
from gedanken.worlds.ode.kernel import jit, score
from gedanken.worlds.ode.kernel.limits import MAX_OPERATORS
from gedanken.worlds.ode.kernel.machine import REGISTERS
from gedanken.worlds.ode.simulate import warm_up as compile_simulator
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

_CHILD = "from gedanken.sparse.warm import compile_search; compile_search()"


def warm_up(progress: Callable[[str], None] | None = None) -> None:
    """Load the compiled simulator and search, or compile them: about a quarter of a minute on two cores, once.

    Args:
        progress: called with the name of each function that this process compiles.
    """
    if jit.is_cached(score.score_many) and jit.is_cached(kernels.shoot) and jit.is_cached(subsets.explained_many):
        return
    child = None
    if jit.is_cacheable(score.score_many):
        child = subprocess.Popen([sys.executable, "-c", _CHILD], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        compile_simulator(progress)
        if child is not None:
            if progress is not None and child.poll() is None:
                progress("the search, in a second process")
            child.wait()  # if it failed, the first search compiles what is missing, and says what is wrong
    finally:
        if child is not None and child.poll() is None:
            child.terminate()


def compile_search() -> None:
    """Compile what a search calls, the integrator first, which the simulator needs as well."""
    t = np.linspace(0.0, 1.0, 30)
    states = StateSpace.first_order("x")
    record = [Trajectory(t, np.exp(-t)[:, None] + 0.01 * np.sin(40 * t)[:, None])]
    # dx/dt = p, as the machine has it: states, time and parameters are registers 0, 1 and 2.
    code, outputs = np.zeros(MAX_OPERATORS, np.int64), np.full(1, 2, np.int64)
    program = Program(code, 0, np.zeros(REGISTERS), outputs, 1, ("p",))
    refine(program, np.array([-1.0]), Record.of(record))
    evaluate(program, t, record[0].values)
    differentiate(program, t, record[0].values, np.array([-1.0]))
    score.build_stiff()
    discover(states, record)
