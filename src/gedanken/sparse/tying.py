"""Constants that need not be free: a coefficient of one, or the same constant twice.

Laws are full of both: what leaves one equation enters another, a drag acts on every axis alike, a dimensionless form
has ones. A free constant costs log N in the information criterion, a shared or unit one only the choice, so a law with
many terms and few constants can win against a shorter one whose constants are arbitrary.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.worlds.ode.fit import covariance_of
from gedanken.worlds.ode.trajectory import Array

UNIT = 2 * math.log(4)  # prior cost of "this constant is one"
DIMENSIONAL_UNIT = 2 * math.log(8)  # the same in a law of forces, whose constants have units
_SAME = 2 * math.log(2)  # of "this coefficient is that of the same atom in another equation"
_SHARED = 2 * math.log(6)  # of "this coefficient is that other one", to which the choice of that one is added
_FARTHEST = 6.0  # rise of chi squared up to which a constant may be moved: 2.4 standard deviations


@dataclass(frozen=True, slots=True)
class Tie:
    """What a constant is: `sign` times constant `other`, or `sign` itself where other is None."""

    sign: float
    other: int | None


@dataclass(frozen=True)
class Parsimony:
    """Which constants are tied, and what that saves.

    Attributes:
        ties: constant -> what it is; those not listed are free.
        params: all constants under the ties, shape (p,).
        saving: by how much the criterion falls, >= 0.
        bonus: the same before the rise of the squared residuals is taken off.
    """

    ties: dict[int, Tie]
    params: Array
    saving: float
    bonus: float = 0.0


def simplify(
    params: Array,
    information: Array,
    coefficients: np.ndarray,
    names: Sequence[tuple[str, str]],
    samples: int,
    misfit: float,
    unit: float = UNIT,
) -> Parsimony:
    """Tie constants greedily, each at the least rise of the squared residuals.

    Args:
        params: fitted constants, shape (p,).
        information: their information matrix.
        coefficients: whether each is a coefficient of a term or a constant inside one, which may be one or shared with
            the same constant of the same atom elsewhere.
        names: what each is: its atom (and which of its constants), and the same by the atom's role in its equation.
        samples: number of samples, which prices a free constant.
        misfit: mean square weighted residual.
        unit: prior cost of a constant that is one.
    """
    p = params.astype(np.float64).copy()
    if p.size == 0 or not np.isfinite(information).all():
        return Parsimony({}, p, 0.0)
    C = covariance_of(information) * max(misfit, 1e-12)
    known = np.isfinite(np.diag(C))
    C = np.where(np.isfinite(C), C, 0.0)
    price = math.log(samples)
    floor = 1e-16 * max(float((p**2).max()), 1e-100)
    same = np.array([[a[0] == b[0] or a[1] == b[1] for b in names] for a in names])
    inner = same & ~coefficients[:, None] & ~coefficients[None, :]
    choice = np.where(same, _SAME, _SHARED + math.log(max(int(coefficients.sum()) - 1, 1)))
    ties: dict[int, Tie] = {}
    saving = bonus = 0.0
    free = known.copy()
    while free.any():
        variance = np.maximum(np.diag(C), 1e-300)
        sign = np.where(p < 0, -1.0, 1.0)
        unit_rise = np.where(free & (coefficients | (p > 0)), (p - sign) ** 2 / np.maximum(variance, floor), np.inf)
        unit_net = price - unit - unit_rise
        unit_net[unit_rise > _FARTHEST] = -np.inf
        i = int(np.argmax(unit_net))
        best = float(unit_net[i])
        move: tuple[int, int | None] = (i, None)
        both = np.outer(free, free) & np.where(
            np.outer(coefficients, coefficients), True, inner & (sign[:, None] == sign)
        )
        np.fill_diagonal(both, False)
        if both.any():
            agree = np.outer(sign, sign)
            spread = variance[:, None] + variance[None, :] - 2 * agree * C
            rise = np.where(both, (np.abs(p)[:, None] - np.abs(p)[None, :]) ** 2 / np.maximum(spread, floor), np.inf)
            net = price - choice - rise
            net[rise > _FARTHEST] = -np.inf
            a, b = np.unravel_index(int(np.argmax(net)), net.shape)
            if net[a, b] > best:
                best, move = float(net[a, b]), (int(max(a, b)), int(min(a, b)))
        if best <= 0:
            break
        k, other = move
        direction = np.zeros(p.size)
        direction[k] = 1.0
        target = sign[k]
        if other is not None:
            direction[other] = -sign[k] * sign[other]
            target = 0.0
        gain = C @ direction
        denominator = float(direction @ gain)
        p = p - gain * (float(direction @ p) - target) / denominator
        C = C - np.outer(gain, gain) / denominator
        ties[k] = Tie(float(sign[k] if other is None else sign[k] * sign[other]), other)
        free[k] = False
        saving += best
        bonus += price - (unit if other is None else float(choice[k, other]))
    return Parsimony(ties, p, saving, bonus)
