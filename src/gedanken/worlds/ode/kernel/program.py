"""The compiled reader: text of an equation to a program of the register machine.

Operator precedence with explicit stacks: no recursion, no allocation, time linear in the text. `law/parser.py` accepts
the same language and says in English what is wrong; tests/worlds/ode/kernel/test_program.py keeps the two alike.
"""

# ruff: noqa: SIM109
# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"

import math

import numpy as np

from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.kernel.limits import (
    MAX_OPERATORS,
    MAX_PARAMS,
    MAX_STACK,
    MAX_TEXT,
)
from gedanken.worlds.ode.kernel.machine import (
    ADD,
    DIV,
    LEAF,
    MUL,
    NEG,
    POW,
    POWI,
    SQR,
    SQRT,
    SUB,
    apply_operation,
)
from gedanken.worlds.ode.kernel.status import (
    E_CHAR,
    E_CONST,
    E_DEPTH,
    E_LHS,
    E_MISSING,
    E_NAME,
    E_PARAM,
    E_SIZE,
    E_SYNTAX,
    E_TWICE,
    E_VELOCITY,
    OK,
)
from gedanken.worlds.ode.kernel.tokens import (
    CLOSE,
    DOT,
    EQUALS,
    FIRST_PRINTABLE,
    LAST_PRINTABLE,
    LOWER_D,
    LOWER_T,
    MINUS,
    NEWLINE,
    NO_VELOCITY,
    OPEN,
    PLUS,
    SEMICOLON,
    SLASH,
    STAR,
    SYMBOLS_HEAD,
    TWO,
    declare,
    end_of_word,
    find_function,
    find_symbol,
    is_alpha,
    is_digit,
    read_number,
    same_bytes,
    skip_blanks,
)

LPAREN = 30  # an open parenthesis on the operator stack, beside the machine's operations

# `counts`, what the reader keeps of a program: instructions, next free register below LEAF, first register with a
# constant, operators in the text.
INSTRUCTIONS, NEXT_LEAF, FIRST_CONSTANT, OPERATOR_COUNT = 0, 1, 2, 3
COUNTS = 4
# Integers of scratch that the reader needs: bounds of the declared names, both stacks, their heights.
WORK = 2 * MAX_PARAMS + 2 * MAX_STACK + 2


@jit()
def _constant_register(counts, R, v):
    """Register that holds the constant v; -1 when there is none left."""
    for r in range(counts[FIRST_CONSTANT], counts[NEXT_LEAF]):
        if R[r] == v:
            return r
    if counts[NEXT_LEAF] >= LEAF:
        return -1
    R[counts[NEXT_LEAF]] = v
    counts[NEXT_LEAF] += 1
    return counts[NEXT_LEAF] - 1


@jit()
def _emit(op, a, b, code, counts, R):
    """Append one instruction, unless it folds to a constant or an equal one exists already.

    Returns the register of the result, or minus a status.
    """
    const_a = counts[FIRST_CONSTANT] <= a < LEAF
    const_b = counts[FIRST_CONSTANT] <= b < LEAF
    if const_a and (op >= NEG or const_b):
        v = apply_operation(op, R[a], R[b])
        if not math.isfinite(v):
            return -E_CONST
        r = _constant_register(counts, R, v)
        return r if r >= 0 else -E_SIZE
    if op >= NEG:
        b = 0
    elif const_b:
        v = R[b]
        if op == POW:
            if v == 1.0:
                return a
            if v == 0.0:
                r = _constant_register(counts, R, 1.0)
                return r if r >= 0 else -E_SIZE
            if v == 2.0:
                op, b = SQR, 0
            elif v == 0.5:
                op, b = SQRT, 0
            elif v == math.floor(v) and 3.0 <= v <= 16.0:
                op, b = POWI, int(v)
        elif op == DIV and math.isfinite(1.0 / v) and abs(v) < 1e300:
            r = _constant_register(counts, R, 1.0 / v)
            if r < 0:
                return -E_SIZE
            op, b = MUL, r
    if (op == ADD or op == MUL) and a > b:
        a, b = b, a
    word = op | (a << 8) | (b << 20)
    for i in range(counts[INSTRUCTIONS]):
        if code[i] == word:
            return LEAF + i
    if counts[INSTRUCTIONS] >= MAX_OPERATORS:
        return -E_SIZE
    code[counts[INSTRUCTIONS]] = word
    counts[INSTRUCTIONS] += 1
    return LEAF + counts[INSTRUCTIONS] - 1


@jit()
def _left_side(buf, i, end, sym):
    """`d2NAME/dt2` or `dNAME/dt`. Returns (next index, state index) or (status, -1)."""
    n = np.int64(sym[0])
    a0 = skip_blanks(buf, i, end)
    a1 = end_of_word(buf, a0, end)
    i = skip_blanks(buf, a1, end)
    if a1 == a0 or i >= end or buf[i] != SLASH:
        return E_LHS, -1
    b0 = skip_blanks(buf, i + 1, end)
    b1 = end_of_word(buf, b0, end)
    i = skip_blanks(buf, b1, end)
    if i >= end or buf[i] != EQUALS:
        return E_LHS, -1
    first = b1 - b0 == 2 and buf[b0] == LOWER_D and buf[b0 + 1] == LOWER_T
    second = b1 - b0 == 3 and buf[b0] == LOWER_D and buf[b0 + 1] == LOWER_T and buf[b0 + 2] == TWO
    if not (first or second) or buf[a0] != LOWER_D:
        return E_LHS, -1
    if second:
        if a1 - a0 < 3 or buf[a0 + 1] != TWO:
            return E_LHS, -1
        s = find_symbol(buf, a0 + 2, a1, sym, np.int64(sym[1]), SYMBOLS_HEAD + n)
        if s < 0 or s >= n or sym[SYMBOLS_HEAD + s] == NO_VELOCITY:
            return E_LHS, -1
        return i + 1, np.int64(sym[SYMBOLS_HEAD + s])
    s = find_symbol(buf, a0 + 1, a1, sym, np.int64(sym[1]), SYMBOLS_HEAD + n)
    if s < 0 or s >= n:
        return E_LHS, -1
    return i + 1, s


@jit()
def _reduce(ops, vals, tops, code, counts, R):
    """Apply the operator on top of the stack. 0 or a status."""
    op = ops[tops[0] - 1]
    tops[0] -= 1
    if op >= NEG:
        a = vals[tops[1] - 1]
        r = _emit(op, a, a, code, counts, R)
    else:
        b = vals[tops[1] - 1]
        tops[1] -= 1
        r = _emit(op, vals[tops[1] - 1], b, code, counts, R)
    if r < 0:
        return -r
    vals[tops[1] - 1] = r
    return OK


@jit()
def _prec(op):
    if op == LPAREN:
        return 0
    if op == ADD or op == SUB:
        return 1
    if op == MUL or op == DIV:
        return 2
    if op == NEG:
        return 3
    return 4  # POW; functions never sit directly under an operator


@jit()
def compile_text(buf, i, end, names, p0, p1, values, sym, fold, code, R, out, counts, work):
    """Compile the text buf[i:end] to a program. Returns a status.

    In: names[p0:p1]: the declared parameters, separated by NUL; values: theirs; sym: see `tokens.pack_symbols`; fold:
    whether the parameters are constants of the program, else their registers may still be written to.
    Out: code: instructions; R: registers, with parameters and constants filled in; out[k]: register of the derivative
    of state k; counts: see INSTRUCTIONS. work: scratch of WORK integers.
    """
    if end - i > MAX_TEXT:
        return E_SIZE
    n = np.int64(sym[0])
    nval = values.size
    off = work[: 2 * MAX_PARAMS]
    ops = work[2 * MAX_PARAMS : 2 * MAX_PARAMS + MAX_STACK]
    vals = work[2 * MAX_PARAMS + MAX_STACK : 2 * MAX_PARAMS + 2 * MAX_STACK]
    tops = work[2 * MAX_PARAMS + 2 * MAX_STACK : 2 * MAX_PARAMS + 2 * MAX_STACK + 2]
    if nval > MAX_PARAMS:
        return E_PARAM
    s = declare(names, p0, p1, nval, sym, off)
    if s != OK:
        return s
    par0 = n + 1 + 2 * np.int64(sym[2])
    for q in range(nval):
        if not math.isfinite(values[q]):
            return E_PARAM
        R[par0 + q] = values[q]
    counts[INSTRUCTIONS] = 0
    counts[OPERATOR_COUNT] = 0
    counts[NEXT_LEAF] = par0 + nval
    counts[FIRST_CONSTANT] = par0 if fold else par0 + nval
    for k in range(n):
        out[k] = -1

    while True:
        i = skip_blanks(buf, i, end)
        while i < end and (buf[i] == SEMICOLON or buf[i] == NEWLINE):
            i = skip_blanks(buf, i + 1, end)
        if i >= end:
            break
        i, target = _left_side(buf, i, end, sym)
        if target < 0:
            return i
        if out[target] >= 0:
            return E_TWICE
        tops[0] = 0
        tops[1] = 0
        before = counts[OPERATOR_COUNT]
        operand = True
        while True:
            i = skip_blanks(buf, i, end)
            c = np.int64(buf[i]) if i < end else SEMICOLON
            if operand:
                if tops[0] >= MAX_STACK - 1 or tops[1] >= MAX_STACK - 1:
                    return E_DEPTH
                if c == MINUS:
                    ops[tops[0]] = NEG
                    tops[0] += 1
                    counts[OPERATOR_COUNT] += 1
                    i += 1
                elif c == OPEN:
                    ops[tops[0]] = LPAREN
                    tops[0] += 1
                    i += 1
                elif is_digit(c) or c == DOT:
                    i, v = read_number(buf, i, end)
                    if i < 0:
                        return E_SYNTAX
                    if not math.isfinite(v):
                        return E_CONST
                    r = _constant_register(counts, R, v)
                    if r < 0:
                        return E_SIZE
                    vals[tops[1]] = r
                    tops[1] += 1
                    operand = False
                elif is_alpha(c):
                    j = end_of_word(buf, i, end)
                    r = find_symbol(buf, i, j, sym, np.int64(sym[1]), SYMBOLS_HEAD + n)
                    if r < 0:
                        for q in range(nval):
                            if same_bytes(buf, i, j, names, off[2 * q], off[2 * q + 1] - off[2 * q]):
                                r = par0 + q
                                break
                    elif r > n and (r - n) % 2 == 0:
                        # An input that runs along a line: its value at time 0, plus its slope times the time.
                        first = r - 1
                        r = _emit(MUL, n, r, code, counts, R)
                        if r >= 0:
                            r = _emit(ADD, first, r, code, counts, R)
                        if r < 0:
                            return -r
                    if r >= 0:
                        vals[tops[1]] = r
                        tops[1] += 1
                        operand = False
                        i = j
                    else:
                        f = find_function(buf, i, j)
                        j = skip_blanks(buf, j, end)
                        if f == 0:
                            return E_NAME
                        if j >= end or buf[j] != OPEN:
                            return E_SYNTAX
                        ops[tops[0]] = f
                        ops[tops[0] + 1] = LPAREN
                        tops[0] += 2
                        counts[OPERATOR_COUNT] += 1
                        i = j + 1
                elif c < FIRST_PRINTABLE or c > LAST_PRINTABLE:
                    return E_SYNTAX if c == NEWLINE else E_CHAR
                else:
                    return E_SYNTAX
                continue
            # An operator, a closing parenthesis or the end of the statement.
            prec = 0
            op = 0
            step = 1
            if c == PLUS:
                op, prec = ADD, 1
            elif c == MINUS:
                op, prec = SUB, 1
            elif c == STAR:
                if i + 1 < end and buf[i + 1] == STAR:
                    op, prec, step = POW, 4, 2
                else:
                    op, prec = MUL, 2
            elif c == SLASH:
                op, prec = DIV, 2
            elif c != CLOSE and c != SEMICOLON and c != NEWLINE:
                return E_SYNTAX if FIRST_PRINTABLE < c <= LAST_PRINTABLE else E_CHAR
            while tops[0] > 0:
                top = ops[tops[0] - 1]
                p = _prec(top)
                if top == LPAREN or p < prec or (p == prec and op == POW):
                    break
                s = _reduce(ops, vals, tops, code, counts, R)
                if s != OK:
                    return s
            if op != 0:
                if tops[0] >= MAX_STACK - 1:
                    return E_DEPTH
                ops[tops[0]] = op
                tops[0] += 1
                counts[OPERATOR_COUNT] += 1
                operand = True
                i += step
            elif c == CLOSE:
                if tops[0] == 0:
                    return E_SYNTAX
                tops[0] -= 1
                if tops[0] > 0 and ops[tops[0] - 1] >= SQRT and ops[tops[0] - 1] != LPAREN:
                    s = _reduce(ops, vals, tops, code, counts, R)
                    if s != OK:
                        return s
                i += 1
            else:
                if tops[0] != 0 or tops[1] != 1:
                    return E_SYNTAX
                out[target] = vals[0]
                if sym[SYMBOLS_HEAD + target] != NO_VELOCITY and (
                    counts[OPERATOR_COUNT] > before or vals[0] != np.int64(sym[SYMBOLS_HEAD + target])
                ):
                    return E_VELOCITY
                break
    for k in range(n):
        if out[k] < 0:
            if sym[SYMBOLS_HEAD + k] == NO_VELOCITY:
                return E_MISSING
            out[k] = np.int64(sym[SYMBOLS_HEAD + k])
    # Each input may need two instructions of its own.
    return E_SIZE if counts[OPERATOR_COUNT] > MAX_OPERATORS - 2 * np.int64(sym[2]) else OK
