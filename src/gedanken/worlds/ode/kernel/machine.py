"""The register machine: its instructions, its registers, and the evaluation of a program, plain or with derivatives.

Registers 0..n-1 hold the states, n the time, then two registers for each input (its value at time 0 and its slope, both
until its next kink; `driven.py` sets them), the parameters and the constants; register LEAF + i receives the result of
instruction i. An instruction is one integer, operation | a << 8 | b << 20, with the registers a and b of its
operands. A program is an array of instructions and `out`, the register of each state's derivative.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"

import math

import numpy as np

from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.kernel.limits import MAX_OPERATORS

LEAF = 640  # registers below are states, time, parameters and constants
REGISTERS = LEAF + MAX_OPERATORS
REGISTER_MASK = REGISTERS - 1  # REGISTERS is a power of two

# Operations. Those from NEG on have one operand; POWI has an exponent in the place of b.
ADD, SUB, MUL, DIV, POW = 1, 2, 3, 4, 5
NEG, SQR, POWI, SQRT, ABS = 6, 7, 8, 9, 10
SIN, COS, TAN, EXP, LOG = 11, 12, 13, 14, 15

# Fuel of an instruction: nanoseconds for its slowest argument among zeros, subnormals, huge numbers, infinities and
# NaN (x86-64 with AVX-512, glibc 2.36: sin(1e300) takes 45 ns against 9 for sin(1)). `gedanken bench verifier` measures
# what a unit of fuel comes to on another machine: `worst_accepted_ms` over 500,000.
COST = np.array([0, 2, 2, 2, 5, 60, 2, 2, 12, 6, 2, 60, 60, 80, 25, 15], dtype=np.int64)
EVAL_COST = 18  # per evaluation: copy-in, copy-out, stage sums, share of the step control


@jit(forceinline=True)
def _powi(x, n):
    """x**n for a small non-negative integer n."""
    r = 1.0
    while n > 0:
        if n & 1:
            r *= x
        x *= x
        n >>= 1
    return r


@jit()
def apply_operation(op, a, b):
    """One operation on plain numbers, for constant folding; `run` has these operations inline."""
    if op == ADD:
        return a + b
    if op == SUB:
        return a - b
    if op == MUL:
        return a * b
    if op == DIV:
        return a / b
    if op == POW:
        return math.pow(a, b)
    if op == NEG:
        return -a
    if op == SQRT:
        return math.sqrt(a)
    if op == ABS:
        return abs(a)
    if op == SIN:
        return math.sin(a)
    if op == COS:
        return math.cos(a)
    if op == TAN:
        return math.tan(a)
    if op == EXP:
        return math.exp(a)
    return math.log(a)


@jit()
def evaluation_cost(code, nops):
    """Fuel of one evaluation of a program."""
    c = EVAL_COST
    for i in range(nops):
        c += COST[code[i] & 31]
    return c


# numba passes an array as seven scalars, so that a call with five arrays costs about 20 ns, more than evaluating a
# typical program: hence `forceinline` here and on other hot leaves.
@jit(forceinline=True)
def run(code, nops, R):
    """Evaluate a program of nops instructions; the states and the time are already in the registers R."""
    for i in range(nops):
        w = code[i]
        op = w & 255
        a = R[(w >> 8) & REGISTER_MASK]
        b = R[(w >> 20) & REGISTER_MASK]
        if op == ADD:
            r = a + b
        elif op == SUB:
            r = a - b
        elif op == MUL:
            r = a * b
        elif op == DIV:
            r = a / b
        elif op == POW:
            r = math.pow(a, b)
        elif op == NEG:
            r = -a
        elif op == SQR:
            r = a * a
        elif op == POWI:
            r = _powi(a, (w >> 20) & REGISTER_MASK)
        elif op == SQRT:
            r = math.sqrt(a)
        elif op == ABS:
            r = abs(a)
        elif op == SIN:
            r = math.sin(a)
        elif op == COS:
            r = math.cos(a)
        elif op == TAN:
            r = math.tan(a)
        elif op == EXP:
            r = math.exp(a)
        else:
            r = math.log(a)
        R[LEAF + i] = r


@jit()
def run_dual(code, nops, R, L):
    """As run, with registers of width L: a value, then its L - 1 tangents (forward-mode differentiation)."""
    for i in range(nops):
        w = code[i]
        op = w & 255
        ia = ((w >> 8) & REGISTER_MASK) * L
        ib = ((w >> 20) & REGISTER_MASK) * L
        d = (LEAF + i) * L
        a = R[ia]
        b = R[ib]
        da = 0.0  # d result / d a
        db = 0.0
        binary = False
        if op == ADD:
            R[d] = a + b
            da, db, binary = 1.0, 1.0, True
        elif op == SUB:
            R[d] = a - b
            da, db, binary = 1.0, -1.0, True
        elif op == MUL:
            R[d] = a * b
            da, db, binary = b, a, True
        elif op == DIV:
            r = a / b
            R[d] = r
            da, db, binary = 1.0 / b, -r / b, True
        elif op == POW:
            r = math.pow(a, b)
            R[d] = r
            da = b * math.pow(a, b - 1.0)
            db = r * math.log(a) if a > 0.0 else 0.0
            binary = True
        elif op == NEG:
            R[d] = -a
            da = -1.0
        elif op == SQR:
            R[d] = a * a
            da = 2.0 * a
        elif op == POWI:
            k = (w >> 20) & REGISTER_MASK
            q = _powi(a, k - 1)
            R[d] = q * a
            da = k * q
        elif op == SQRT:
            r = math.sqrt(a)
            R[d] = r
            da = 0.5 / r
        elif op == ABS:
            R[d] = abs(a)
            da = 1.0 if a >= 0.0 else -1.0
        elif op == SIN:
            R[d] = math.sin(a)
            da = math.cos(a)
        elif op == COS:
            R[d] = math.cos(a)
            da = -math.sin(a)
        elif op == TAN:
            r = math.tan(a)
            R[d] = r
            da = 1.0 + r * r
        elif op == EXP:
            r = math.exp(a)
            R[d] = r
            da = r
        else:
            R[d] = math.log(a)
            da = 1.0 / a
        if binary:
            for k in range(1, L):
                R[d + k] = da * R[ia + k] + db * R[ib + k]
        else:
            for k in range(1, L):
                R[d + k] = da * R[ia + k]


@jit(forceinline=True)
def rhs(code, nops, R, L, n, out, t, dy):
    """Right-hand side into dy, (n, L) flat, at time t and the state that is already in R."""
    R[n * L] = t
    if L == 1:
        run(code, nops, R)
        for i in range(n):
            dy[i] = R[out[i] & REGISTER_MASK]
    else:
        run_dual(code, nops, R, L)
        for i in range(n):
            for k in range(L):
                dy[i * L + k] = R[out[i] * L + k]


@jit()
def rhs_cold(code, nops, R, L, n, out, t, dy):
    """As rhs, not inlined: for calls where 20 ns do not matter, because every inlined copy costs compile time."""
    rhs(code, nops, R, L, n, out, t, dy)
