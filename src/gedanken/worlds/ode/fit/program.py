"""Equations compiled with variable parameters, their values and derivatives, and their solutions from many starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.errors import Unanswerable
from gedanken.worlds.ode.fit import kernels
from gedanken.worlds.ode.kernel.limits import MAX_OPERATORS, MAX_STATES
from gedanken.worlds.ode.kernel.machine import REGISTERS
from gedanken.worlds.ode.kernel.program import COUNTS, INSTRUCTIONS, WORK, compile_text
from gedanken.worlds.ode.kernel.status import OK
from gedanken.worlds.ode.kernel.tokens import pack_symbols
from gedanken.worlds.ode.trajectory import Array, StateSpace

EVALUATIONS = 6_000  # right-hand sides in a segment; an equation that needs more is given up
RTOL = 1e-6
ATOL = 1e-7  # of each column's spread


@dataclass(frozen=True, slots=True)
class Program:
    """An equation as a program of the register machine whose parameters are still variable.

    Attributes:
        code: instructions.
        operations: how many there are.
        registers: registers with the constants filled in.
        outputs: register of each state's derivative.
        states: number of state variables.
        names: the parameters.
    """

    code: np.ndarray
    operations: int
    registers: Array
    outputs: np.ndarray
    states: int
    names: tuple[str, ...]


class Compiler:
    """Compiles equations over one state space."""

    def __init__(self, states: StateSpace):
        self.states = states
        self._symbols = pack_symbols(states)
        self._work = np.zeros(WORK, np.int64)

    def __call__(self, equation: str, names: Sequence[str] = ()) -> Program:
        """Compile an equation.

        Raises:
            Unanswerable: the text is not in the grammar.
        """
        code, registers = np.zeros(MAX_OPERATORS, np.int64), np.zeros(REGISTERS)
        outputs, counts = np.zeros(MAX_STATES, np.int64), np.zeros(COUNTS, np.int64)
        text = np.frombuffer(equation.encode("ascii", "replace"), np.uint8)
        declared = np.frombuffer("\0".join(names).encode("ascii"), np.uint8)
        status = compile_text(
            text, 0, text.size, declared, 0, declared.size, np.ones(len(names)), self._symbols, False, code, registers,
            outputs, counts, self._work,
        )  # fmt: skip
        if status != OK:
            raise Unanswerable(f"the equation {equation!r} cannot be compiled (status {status})")
        return Program(code, int(counts[INSTRUCTIONS]), registers, outputs, self.states.size, tuple(names))


def simulate_pieces(
    program: Program, params: Array, t: Array, bounds: np.ndarray, starts: Array, scale: Array
) -> Array | None:
    """States at times t (m,) of pieces bounds[s] <= k < bounds[s + 1], each from its own start; None on failure."""
    out = np.empty((t.size, program.states))
    info = np.zeros(kernels.INFO, np.int64)
    status = kernels.shoot(
        program.code, program.operations, program.registers, program.states, program.outputs, params, t, bounds, starts,
        0, scale, RTOL, ATOL, EVALUATIONS, out, np.empty((t.size, program.states, 0)), info,
    )  # fmt: skip
    return out if status == OK else None


def evaluate(program: Program, t: Array, x: Array, params: Array | None = None) -> Array:
    """Right-hand sides at times t (m,) and states x (m, n), shape (m, n)."""
    registers = program.registers
    if params is not None and len(params):
        registers = registers.copy()
        registers[program.states + 1 : program.states + 1 + len(params)] = params
    out = np.empty_like(x)
    kernels.evaluate_rows(program.code, program.operations, registers, program.states, program.outputs, t, x, out)
    return out


def differentiate(program: Program, t: Array, x: Array, params: Array) -> tuple[Array, Array, Array]:
    """Right-hand sides (m, n), their derivatives by the states (m, n, n) and by the parameters (m, n, p)."""
    m, n = x.shape
    out, by_state, by_param = np.empty((m, n)), np.empty((m, n, n)), np.empty((m, n, params.size))
    kernels.differentiate_rows(
        program.code, program.operations, program.registers, n, program.outputs, params, t, x, out, by_state, by_param
    )
    return out, by_state, by_param
