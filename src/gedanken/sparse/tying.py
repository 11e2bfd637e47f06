"""Tied constants: a coefficient that is one, or one constant that occurs twice.

Both are frequent: a flow out of one variable enters another, drag acts on every axis alike, a dimensionless law has
coefficients of one. A free constant costs log N in the information criterion, a tied one only the prior cost of the
tie, so that a law of many terms with few constants can be preferred to a shorter law whose constants are all free.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.worlds.ode.fit import covariance_of
from gedanken.worlds.ode.trajectory import Array

# Prior costs of a tie: minus twice the log of its probability.
UNIT = 2 * math.log(4)  # a constant is one: probability 1/4
DIMENSIONAL_UNIT = 2 * math.log(8)  # the same in a law of forces, whose constants have units: 1/8
# Values that a constant inside an atom is likely to have, with their probabilities, by the kind of the constant. The
# multiple of an angle is a whole number wherever a full turn changes nothing.
ANY, EXPONENT, MULTIPLE = 0, 1, 2
LIKELY = {
    EXPONENT: {
        1 / 3: 0.1, 1 / 2: 0.15, 2 / 3: 0.05, 1.0: 0.15, 4 / 3: 0.05, 3 / 2: 0.15, 2.0: 0.15, 5 / 2: 0.05, 3.0: 0.1,
        4.0: 0.05,
    },
    MULTIPLE: {1.0: 0.4, 2.0: 0.3, 3.0: 0.15, 4.0: 0.05},
}  # fmt: skip
_SAME_ATOM = 2 * math.log(2)  # a coefficient equals that of the same atom in another equation: 1/2
_ANY_ATOM = 2 * math.log(6)  # a coefficient equals that of another atom: 1/6, and the choice of that atom in addition
_LARGEST_RISE = 6.0  # of chi squared, that one tie may cause: 2.4 standard deviations


@dataclass(frozen=True, slots=True)
class Tie:
    """The value of a tied constant: `sign` times constant number `other`, or `sign` itself where other is None.

    Without `other` it is 1 or -1, or a value of `LIKELY`.
    """

    sign: float
    other: int | None


@dataclass(frozen=True)
class Parsimony:
    """Which constants are tied, and by how much that lowers the criterion.

    Attributes:
        ties: number of a constant -> its tie; those not listed are free.
        params: all constants under the ties, shape (p,).
        saving: fall of the criterion, >= 0.
        bonus: the same without the rise of chi squared that the ties cause.
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
    kinds: np.ndarray | None = None,
    given: Mapping[int, Tie] | None = None,
    named: np.ndarray | None = None,
    units: Sequence[object] | None = None,
) -> Parsimony:
    """Tie constants one by one, each time the tie that lowers the criterion most.

    The rise of chi squared is that of the quadratic approximation at the fitted constants; no simulation is needed.

    Args:
        params: fitted constants, shape (p,).
        information: their information matrix, shape (p, p).
        coefficients: True for the coefficient of a term, False for a constant inside an atom; the latter may be one, or
            equal to the same constant of the same atom elsewhere. Shape (p,).
        names: two names for each constant: by its atom, and by its atom's role in the equation.
        samples: number of samples, which sets the price log N of a free constant.
        misfit: mean square weighted residual, by which the covariance is scaled.
        unit: prior cost of a constant that is one.
        kinds: `EXPONENT` or `MULTIPLE` for a constant that may be one of `LIKELY`, else `ANY`, shape (p,).
        given: ties that are known; they change neither saving nor bonus.
        named: constants that a person named and that are tied to no other, shape (p,).
        units: unit of each constant, empty for a number and None where unknown. One that has a unit is not one, and
            constants of different units are not equal.
    """
    p = params.astype(np.float64).copy()
    if p.size == 0 or not np.isfinite(information).all():
        return Parsimony(dict(given or {}), p, 0.0)
    C = covariance_of(information) * max(misfit, 1e-12)
    known = np.isfinite(np.diag(C))
    C = np.where(np.isfinite(C), C, 0.0)
    price = math.log(samples)
    floor = 1e-16 * max(float((p**2).max()), 1e-100)
    same = np.array([[a[0] == b[0] or a[1] == b[1] for b in names] for a in names])
    inner = same & ~coefficients[:, None] & ~coefficients[None, :]
    choice = np.where(same, _SAME_ATOM, _ANY_ATOM + math.log(max(int(coefficients.sum()) - 1, 1)))
    ties: dict[int, Tie] = dict(given or {})
    saving = bonus = 0.0
    free = known.copy() if named is None else known & ~named
    free[list(ties)] = False
    numbers = np.ones(p.size, bool) if units is None else np.array([not unit_ for unit_ in units])
    if units is not None:
        pairs = [[a is None or b is None or a == b for b in units] for a in units]
        alike = np.array(pairs, bool)
    else:
        alike = np.ones((p.size, p.size), bool)
    while free.any():
        variance = np.maximum(np.diag(C), 1e-300)
        sign = np.where(p < 0, -1.0, 1.0)
        fixed, cost = sign.copy(), np.full(p.size, unit)
        for kind, likely in LIKELY.items() if kinds is not None else ():
            for constant in np.flatnonzero(kinds == kind):
                fixed[constant] = min(likely, key=lambda value: abs(value - p[constant]))
                cost[constant] = -2 * math.log(likely[fixed[constant]])
        may = free & numbers & (coefficients | (p > 0))
        unit_rise = np.where(may, (p - fixed) ** 2 / np.maximum(variance, floor), np.inf)
        unit_net = price - cost - unit_rise
        unit_net[unit_rise > _LARGEST_RISE] = -np.inf
        i = int(np.argmax(unit_net))
        best = float(unit_net[i])
        move: tuple[int, int | None] = (i, None)
        both = (
            np.outer(free, free)
            & alike
            & np.where(np.outer(coefficients, coefficients), True, inner & (sign[:, None] == sign))
        )
        np.fill_diagonal(both, False)
        if both.any():
            agree = np.outer(sign, sign)
            spread = variance[:, None] + variance[None, :] - 2 * agree * C
            rise = np.where(both, (np.abs(p)[:, None] - np.abs(p)[None, :]) ** 2 / np.maximum(spread, floor), np.inf)
            net = price - choice - rise
            net[rise > _LARGEST_RISE] = -np.inf
            a, b = np.unravel_index(int(np.argmax(net)), net.shape)
            if net[a, b] > best:
                best, move = float(net[a, b]), (int(max(a, b)), int(min(a, b)))
        if best <= 0:
            break
        k, other = move
        direction = np.zeros(p.size)
        direction[k] = 1.0
        target = fixed[k]
        if other is not None:
            direction[other] = -sign[k] * sign[other]
            target = 0.0
        gain = C @ direction
        denominator = float(direction @ gain)
        p = p - gain * (float(direction @ p) - target) / denominator
        C = C - np.outer(gain, gain) / denominator
        ties[k] = Tie(float(fixed[k] if other is None else sign[k] * sign[other]), other)
        free[k] = False
        saving += best
        bonus += price - float(cost[k] if other is None else choice[k, other])
    return Parsimony(ties, p, saving, bonus)
