"""Tokens of the grammar in a text of bytes: names, numbers, and the table of the names that an equation may use."""

# ruff: noqa: SIM110
# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"

import math

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.ode.inputs import LINE
from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.kernel.limits import MAX_NAME, MAX_PARAMS
from gedanken.worlds.ode.kernel.machine import ABS, COS, EXP, LOG, SIN, SQRT, TAN
from gedanken.worlds.ode.kernel.status import E_PARAM, OK
from gedanken.worlds.ode.trajectory import StateSpace

NO_VELOCITY = 255  # in the packed symbols: a state that is not the position of a velocity
SYMBOLS_HEAD = 3  # numbers before those of the states in the packed symbols

# Bytes of the grammar.
TAB, NEWLINE, RETURN, SPACE = (ord(c) for c in "\t\n\r ")
PLUS, MINUS, STAR, SLASH, DOT, OPEN, CLOSE, EQUALS, SEMICOLON = (ord(c) for c in "+-*/.()=;")
ZERO, NINE, TWO, UNDERSCORE = (ord(c) for c in "092_")
UPPER_A, UPPER_E, UPPER_Z, LOWER_A, LOWER_D, LOWER_E, LOWER_T, LOWER_Z = (ord(c) for c in "AEZadetz")
FIRST_PRINTABLE, LAST_PRINTABLE = 32, 126
# Names of functions as numbers, their bytes from the most significant on.
NAME_SIN, NAME_COS, NAME_TAN, NAME_EXP, NAME_LOG, NAME_ABS, NAME_SQRT = (
    int.from_bytes(name.encode(), "big") for name in ("sin", "cos", "tan", "exp", "log", "abs", "sqrt")
)

POW10 = np.array([10.0**k for k in range(23)])


def pack_symbols(states: StateSpace) -> NDArray[np.uint8]:
    """The names that an equation may use, as `compile_text` reads them.

    [states n, symbols, inputs, for each state its velocity's index or NO_VELOCITY, then for each symbol: register,
    length, its bytes]. The symbols are the states, their aliases, the time and the inputs. Input q has two registers,
    n + 1 + 2q for its value at time 0 and the next one for its slope; an input that runs along a line is listed with
    the second one.
    """
    columns = states.columns
    n = len(columns)
    symbols = list(enumerate(columns))
    symbols += [(columns.index(velocity), alias) for alias, velocity in states.aliases.items()]
    symbols.append((n, "t"))
    symbols += [(n + 1 + 2 * q + (each.between == LINE), each.name) for q, each in enumerate(states.inputs)]
    velocities = [NO_VELOCITY if index is None else index for index in states.derivative_of]
    packed = bytearray([n, len(symbols), len(states.inputs), *velocities])
    for register, name in symbols:
        packed += bytes([register, len(name)]) + name.encode("ascii")
    return np.frombuffer(bytes(packed), np.uint8)


@jit()
def is_alpha(c):
    """Whether a byte may begin a name."""
    return (LOWER_A <= c <= LOWER_Z) or (UPPER_A <= c <= UPPER_Z) or c == UNDERSCORE


@jit()
def is_digit(c):
    """Whether a byte is a decimal digit."""
    return ZERO <= c <= NINE


@jit()
def skip_blanks(buf, i, end):
    """Index of the first byte from i on that is no blank."""
    while i < end and (buf[i] == SPACE or buf[i] == TAB or buf[i] == RETURN):
        i += 1
    return i


@jit()
def end_of_word(buf, i, end):
    """Index after the name that begins at i; i where there is none."""
    if i >= end or not is_alpha(buf[i]):
        return i
    while i < end and (is_alpha(buf[i]) or is_digit(buf[i])):
        i += 1
    return i


@jit()
def read_number(buf, i, end):
    """Parse an unsigned decimal at i. Returns (next index, value); next < 0 on error."""
    mant = 0
    digits = 0
    exp10 = 0
    seen = False
    while i < end and is_digit(buf[i]):
        seen = True
        if digits < 18:
            mant = mant * 10 + (np.int64(buf[i]) - ZERO)
            if mant > 0:
                digits += 1
        else:
            exp10 += 1
        i += 1
    if i < end and buf[i] == DOT:
        i += 1
        while i < end and is_digit(buf[i]):
            seen = True
            if digits < 18:
                mant = mant * 10 + (np.int64(buf[i]) - ZERO)
                if mant > 0:
                    digits += 1
                exp10 -= 1
            i += 1
    if not seen:
        return -1, 0.0
    if i < end and (buf[i] == LOWER_E or buf[i] == UPPER_E):
        i += 1
        neg = False
        if i < end and (buf[i] == PLUS or buf[i] == MINUS):
            neg = buf[i] == MINUS
            i += 1
        e = 0
        if i >= end or not is_digit(buf[i]):
            return -1, 0.0
        while i < end and is_digit(buf[i]):
            e = min(e * 10 + (np.int64(buf[i]) - ZERO), 9999)
            i += 1
        exp10 += -e if neg else e
    if i < end and (is_alpha(buf[i]) or buf[i] == DOT):
        return -1, 0.0
    if mant == 0:
        return i, 0.0
    v = float(mant)
    # Exact (correctly rounded) for mantissa <= 2**53 and |exp10| <= 22, else within 2 ulp.
    if 0 <= exp10 <= 22:
        v *= POW10[exp10]
    elif -22 <= exp10 < 0:
        v /= POW10[-exp10]
    elif exp10 < -340:
        v = 0.0
    elif exp10 < 0:
        v = (
            (v / 1e22) / math.pow(10.0, float(-exp10 - 22))
            if exp10 > -300
            else (v / 1e250) / math.pow(10.0, float(-exp10 - 250))
        )
    else:
        v *= math.pow(10.0, float(exp10))
    return i, v


@jit()
def same_bytes(buf, i, j, tab, k, m):
    """Whether buf[i:j] == tab[k:k+m]."""
    if j - i != m:
        return False
    for q in range(m):
        if buf[i + q] != tab[k + q]:
            return False
    return True


@jit()
def find_function(buf, i, j):
    """Operation of the function named buf[i:j], or 0."""
    if not 3 <= j - i <= 4:
        return 0
    name = np.int64(0)
    for q in range(i, j):
        name = name << 8 | np.int64(buf[q])
    if name == NAME_SIN:
        return SIN
    if name == NAME_COS:
        return COS
    if name == NAME_TAN:
        return TAN
    if name == NAME_EXP:
        return EXP
    if name == NAME_LOG:
        return LOG
    if name == NAME_ABS:
        return ABS
    if name == NAME_SQRT:
        return SQRT
    return 0


@jit()
def find_symbol(buf, i, j, sym, nsym, at):
    """Register of the state (or t) named buf[i:j], or -1. Entry: id, length, bytes."""
    for _ in range(nsym):
        m = np.int64(sym[at + 1])
        if same_bytes(buf, i, j, sym, at + 2, m):
            return np.int64(sym[at])
        at += 2 + m
    return -1


@jit()
def declare(names, p0, p1, nval, sym, off):
    """Check the declared names, NUL-separated in names[p0:p1]; fill off. 0 or a status."""
    count = 0
    i = p0
    while i < p1 or (nval > 0 and i == p1):
        j = i
        while j < p1 and names[j] != 0:
            if not (is_alpha(names[j]) or (j > i and is_digit(names[j]))):
                return E_PARAM
            j += 1
        if j == i or j - i > MAX_NAME or count >= nval or count >= MAX_PARAMS:
            return E_PARAM
        if (
            find_function(names, i, j) != 0
            or find_symbol(names, i, j, sym, np.int64(sym[1]), SYMBOLS_HEAD + np.int64(sym[0])) >= 0
        ):
            return E_PARAM
        for q in range(count):
            if same_bytes(names, i, j, names, off[2 * q], off[2 * q + 1] - off[2 * q]):
                return E_PARAM
        off[2 * count] = i
        off[2 * count + 1] = j
        count += 1
        i = j + 1
        if i > p1:
            break
    return OK if count == nval else E_PARAM
