# mypy: allow-untyped-decorators
"""Reading contacts and joints with their impulses from Chipmunk's own memory.

Pymunk offers contacts to callbacks, one at a time, and of a joint the size of its impulse without a sign. Here the
structs are read in place after each step; `tracing` proves their layout on the installed Pymunk.

Three things that the structs do not say plainly:

- The sum of the impulses of a contact (`jnAcc`) survives for three steps after two shapes part. When they meet again,
  the solver starts from the old sum without applying it: this step's impulse is the difference.
- Which of two shapes of one kind comes first may change from step to step; here the order is fixed.
- Arbiters of statics all belong to one body: what was met is told by the shape.
"""

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray
from pymunk._chipmunk_cffi import ffi

from gedanken.worlds.rigid.engine.couplings import (
    ACROSS,
    APART,
    BELT_X,
    BELT_Y,
    CONTACT,
    FRICTION,
    HINGE,
    KIND,
    MOTOR,
    N_MASS,
    NORMAL,
    NX,
    NY,
    POINT,
    PUSH,
    R1X,
    R1Y,
    R2X,
    R2Y,
    ROD,
    ROPE,
    SPRING,
    T_MASS,
    WANT,
    A,
    B,
)
from gedanken.worlds.rigid.scene.geometry import Array

# Words of `struct cpBody` and `struct cpConstraint`'s descendants that no header of Pymunk tells; `tracing` does.
ARBITERS = 29
IMPULSE = np.zeros(6, np.int64)
IMPULSE[[ROD, HINGE, ROPE, SPRING, MOTOR]] = 25, 25, 26, 30, 15

FIRST = 0
"""Chipmunk's state of an arbiter whose shapes did not touch in the step before."""


def _offset(struct: str, name: str) -> int:
    return int(ffi.offsetof(struct, name))


(GRIP, SURFACE, SHAPE_A, SHAPE_B, BODY_A, THREAD_A, THREAD_B, COUNT, CONTACTS, DIRECTION, STATE) = (
    _offset("struct cpArbiter", name)
    for name in ("u", "surface_vr", "a", "b", "body_a", "thread_a", "thread_b", "count", "contacts", "n", "state")
)
(ARM1, ARM2, MASS_N, MASS_T, BOUNCE, SUM_N, SUM_T, SUM_PUSH, BIAS, HASH) = (
    _offset("struct cpContact", name)
    for name in ("r1", "r2", "nMass", "tMass", "bounce", "jnAcc", "jtAcc", "jBias", "bias", "hash")
)
CONTACT_SIZE = int(ffi.sizeof("struct cpContact"))


@intrinsic
def _word(typing_context: Any, address: Any) -> Any:
    """The 64-bit integer at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        return builder.load(builder.inttoptr(arguments[0], ir.IntType(64).as_pointer()))

    return types.int64(types.int64), generate


@intrinsic
def _half(typing_context: Any, address: Any) -> Any:
    """The 32-bit integer at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        return builder.load(builder.inttoptr(arguments[0], ir.IntType(32).as_pointer()))

    return types.int32(types.int64), generate


@intrinsic
def _real(typing_context: Any, address: Any) -> Any:
    """The double at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        return builder.load(builder.inttoptr(arguments[0], ir.DoubleType().as_pointer()))

    return types.float64(types.int64), generate


@njit(cache=True)
def _last_sums(arbiter: int, name: int, names: NDArray[np.int64], sums: Array, newest: int) -> tuple[float, float]:
    """The sums that a contact which returns begins with: those of its arbiter's last step, if it was there then.

    Of several with one name the last counts, as in Chipmunk.
    """
    for begin, end in ((0, newest), (newest, names.shape[0])):
        known = False
        old = (0.0, 0.0)
        for j in range(begin, end):
            if names[j, 0] == arbiter:
                known = True
                if names[j, 1] == name:
                    old = (sums[j, 0], sums[j, 1])
        if known:
            return old
    return 0.0, 0.0


@njit(cache=True)
def read_contacts(
    bodies: NDArray[np.int64],
    sorted_shapes: NDArray[np.int64],
    numbers: NDArray[np.int64],
    masses: Array,
    rows: Array,
    impulses: Array,
    sums: Array,
    names: NDArray[np.int64],
    before_sums: Array,
    before_names: NDArray[np.int64],
    newest: int,
) -> int:
    """Read all contact points into `rows` and `impulses`; how many there are (more than fit: only counted).

    `sums` and `names` get what the next steps need to know of them; `before_*` are those of the steps two and three
    ago, the `newest` first rows those of two steps ago.
    """
    n = bodies.shape[0]
    found = 0
    for i in range(n):
        arbiter = _word(bodies[i] + 8 * ARBITERS)
        while arbiter != 0:
            shape_a, shape_b = _word(arbiter + SHAPE_A), _word(arbiter + SHAPE_B)
            a = numbers[np.searchsorted(sorted_shapes, shape_a)]
            b = numbers[np.searchsorted(sorted_shapes, shape_b)]
            following = _word(arbiter + (THREAD_A if _word(arbiter + BODY_A) == bodies[i] else THREAD_B))
            # Every arbiter hangs at both its bodies: take it once.
            if min(a, b) == i:
                swap = a > b
                if a < n and b < n and (masses[a, 0] > 0.0) != (masses[b, 0] > 0.0):
                    swap = masses[a, 0] == 0.0
                sign = -1.0 if swap else 1.0
                if swap:
                    a, b = b, a
                first1, first2 = (ARM2, ARM1) if swap else (ARM1, ARM2)
                nx, ny = sign * _real(arbiter + DIRECTION), sign * _real(arbiter + DIRECTION + 8)
                count = _half(arbiter + COUNT)
                contacts = _word(arbiter + CONTACTS)
                flip = False
                if count == 2:
                    places = np.empty(2)
                    for k in range(2):
                        arm = contacts + k * CONTACT_SIZE + first1
                        places[k] = _real(arm + 8) * nx - _real(arm) * ny
                    flip = places[0] > places[1]
                for k in range(count):
                    if found >= rows.shape[0]:
                        found += 1
                        continue
                    contact = contacts + k * CONTACT_SIZE
                    row = rows[found]
                    row[:] = 0.0
                    row[KIND], row[A], row[B] = CONTACT, a, b
                    row[POINT] = 1 - k if flip else k
                    row[NX], row[NY] = nx, ny
                    row[R1X], row[R1Y] = _real(contact + first1), _real(contact + first1 + 8)
                    row[R2X], row[R2Y] = _real(contact + first2), _real(contact + first2 + 8)
                    row[N_MASS], row[T_MASS] = _real(contact + MASS_N), _real(contact + MASS_T)
                    row[WANT] = -_real(contact + BOUNCE)
                    row[PUSH] = _real(contact + BIAS)
                    row[FRICTION] = _real(arbiter + GRIP)
                    row[BELT_X] = sign * _real(arbiter + SURFACE)
                    row[BELT_Y] = sign * _real(arbiter + SURFACE + 8)
                    total_n, total_t = _real(contact + SUM_N), _real(contact + SUM_T)
                    name = _word(contact + HASH)
                    names[found, 0], names[found, 1] = arbiter, name
                    sums[found, 0], sums[found, 1] = total_n, total_t
                    if _half(arbiter + STATE) == FIRST:
                        old = _last_sums(arbiter, name, before_names, before_sums, newest)
                        total_n -= old[0]
                        total_t -= old[1]
                    impulses[found, NORMAL] = total_n / row[N_MASS]
                    impulses[found, ACROSS] = total_t / row[T_MASS]
                    impulses[found, APART] = _real(contact + SUM_PUSH) / row[N_MASS]
                    found += 1
            arbiter = following
    return found


@njit(cache=True)
def read_joints(addresses: NDArray[np.int64], words: NDArray[np.int64], out: Array) -> None:
    """The solver's sums of each joint, two numbers, shape (joints, 2)."""
    for k in range(addresses.shape[0]):
        out[k, 0] = _real(addresses[k] + 8 * words[k])
        out[k, 1] = _real(addresses[k] + 8 * words[k] + 8)
