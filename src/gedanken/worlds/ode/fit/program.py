"""Equations compiled with variable parameters, their values and derivatives, and their solutions from many starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.errors import Unanswerable
from gedanken.worlds.ode.fit import kernels
from gedanken.worlds.ode.kernel.driven import NONE
from gedanken.worlds.ode.kernel.limits import MAX_OPERATORS, MAX_STATES
from gedanken.worlds.ode.kernel.machine import REGISTERS
from gedanken.worlds.ode.kernel.program import COUNTS, INSTRUCTIONS, WORK, compile_text
from gedanken.worlds.ode.kernel.status import OK
from gedanken.worlds.ode.kernel.tokens import pack_symbols
from gedanken.worlds.ode.trajectory import Array, StateSpace

EVALUATIONS = 6_000  # right-hand sides in a segment; an equation that needs more is given up
RTOL = 1e-6
ATOL = 1e-7  # of each column's spread
UNDRIVEN = NONE[None, :]  # packed inputs of trials that have none


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
        inputs: number of inputs.
    """

    code: np.ndarray
    operations: int
    registers: Array
    outputs: np.ndarray
    states: int
    names: tuple[str, ...]
    inputs: int = 0


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
        return Program(
            code, int(counts[INSTRUCTIONS]), registers, outputs, self.states.size, tuple(names), len(self.states.inputs)
        )


def simulate_pieces(
    program: Program,
    params: Array,
    t: Array,
    bounds: np.ndarray,
    starts: Array,
    scale: Array,
    drives: Array = UNDRIVEN,
    trials: np.ndarray | None = None,
) -> Array | None:
    """States at times t (m,) of pieces bounds[s] <= k < bounds[s + 1], each from its own start; None on failure.

    `drives` holds the packed inputs of each trial in a row, as `Record.drives` does, and piece s belongs to trial
    trials[s]; by default the pieces are the trials.
    """
    if trials is None:
        trials = np.arange(len(bounds) - 1) % len(drives)
    out = np.empty((t.size, program.states))
    info = np.zeros(kernels.INFO, np.int64)
    status = kernels.shoot(
        program.code, program.operations, program.registers, program.states, program.outputs, params, t, bounds, starts,
        0, scale, RTOL, ATOL, EVALUATIONS, drives, trials, out, np.empty((t.size, program.states, 0)), info,
    )  # fmt: skip
    return out if status == OK else None


def evaluate(program: Program, t: Array, x: Array, params: Array | None = None, u: Array | None = None) -> Array:
    """Right-hand sides at times t (m,), states x (m, n) and inputs u (m, k), shape (m, n)."""
    registers = program.registers
    if params is not None and len(params):
        registers = registers.copy()
        first = program.states + 1 + 2 * program.inputs
        registers[first : first + len(params)] = params
    out = np.empty_like(x)
    kernels.evaluate_rows(
        program.code, program.operations, registers, program.states, program.outputs, t, x, _inputs(program, t, u), out
    )
    return out


def _inputs(program: Program, t: Array, u: Array | None) -> Array:
    """The inputs at times t, as the kernels want them.

    Raises:
        ValueError: they are not those that the program was compiled for.
    """
    values = np.empty((len(t), 0)) if u is None else np.ascontiguousarray(u)
    if values.shape != (len(t), program.inputs):
        raise ValueError(f"the program has {program.inputs} inputs; values of shape {values.shape} are given")
    return values


def differentiate(
    program: Program, t: Array, x: Array, params: Array, u: Array | None = None
) -> tuple[Array, Array, Array]:
    """Right-hand sides (m, n), their derivatives by the states (m, n, n) and by the parameters (m, n, p)."""
    m, n = x.shape
    out, by_state, by_param = np.empty((m, n)), np.empty((m, n, n)), np.empty((m, n, params.size))
    kernels.differentiate_rows(
        program.code, program.operations, program.registers, n, program.outputs, params, t, x, _inputs(program, t, u),
        out, by_state, by_param,
    )  # fmt: skip
    return out, by_state, by_param
