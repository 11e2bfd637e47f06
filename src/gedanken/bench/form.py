"""Exact form: whether a proposed law has the terms of the true one, whatever the values of its constants.

Right-hand sides are expanded into sums of products (`worlds/ode/law/normal_form.py`). Two laws have the same form when
each equation has the same set of terms after

* expansion of products, whole powers, and logarithms and exponentials of products and sums;
* forgetting the coefficient of every term and every constant inside a term: `n/(2 + n)` and `n/(3.1 + n)` agree. A
  literal 1 is kept: `sin(x)` is `sin(1.04*x)`, as a fit to noisy data would have it, but not `sin(1.4*x)`;
* dropping terms of the prediction that make up less than a thousandth of the right-hand side on the data.

Forms that no data can tell apart (`vy**2` and `-vy*abs(vy)` while a body only falls) are counted apart, by
`is_equivalent_on`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from gedanken.errors import Unanswerable
from gedanken.worlds.ode.law.normal_form import Product, Sum, TooLarge, expand, keys, product_key
from gedanken.worlds.ode.law.parser import Equations
from gedanken.worlds.ode.trajectory import Array, Trajectory

NEGLIGIBLE = 1e-3
# A constant within this of a literal 1 in the truth may stand for it.
NEAR_ONE = 0.1
# 1 - R2 that a form must reach on clean data, with its constants refitted, to count as equivalent there.
EQUIVALENT = 1e-6


def same_form(truth: Equations, proposed: Equations, samples: Sequence[Trajectory]) -> bool:
    """Whether two laws have the same terms.

    Args:
        truth: the true law, constants bound.
        proposed: the law to judge, constants bound.
        samples: clean trajectories, for telling which terms of `proposed` matter.
    """
    columns = {name: np.concatenate([s.values[:, k] for s in samples]) for k, name in enumerate(truth.states.columns)}
    for k, name in enumerate(truth.states.input_names):
        columns[name] = np.concatenate([s.drive.at(s.t)[:, k] for s in samples if s.drive is not None])
    columns["t"] = np.concatenate([s.t for s in samples])
    try:
        pairs = [
            (expand(true), _drop_negligible(expand(other), columns))
            for true, other in zip(truth.right_sides, proposed.right_sides, strict=True)
        ]
    except (TooLarge, OverflowError, ZeroDivisionError):
        return False
    return any(all(keys(a, 0.0) == keys(b, tolerance) for a, b in pairs) for tolerance in (0.0, NEAR_ONE))


def coefficient_error(truth: Equations, proposed: Equations) -> float | None:
    """Largest relative error of a term's coefficient, over the terms that both laws have once; None if there is none.

    Args:
        truth: the true law, constants bound.
        proposed: a law of the same form, constants bound.
    """
    errors = []
    for true, other in zip(truth.right_sides, proposed.right_sides, strict=True):
        try:
            wanted, given = _coefficients(expand(true)), _coefficients(expand(other))
        except (TooLarge, OverflowError, ZeroDivisionError):
            return None
        errors += [abs(given[key] / value - 1.0) for key, value in wanted.items() if key in given]
    return max(errors, default=None)


def _coefficients(a: Sum) -> dict[str, float]:
    found = keys(a, NEAR_ONE)
    named = ((product_key(product, NEAR_ONE), value) for product, value in a.items())
    return {key: value for key, value in named if found[key] == 1}


def term_count(equations: Equations) -> int:
    """How many terms the expanded right-hand sides have.

    Raises:
        TooLarge: more than `MAX_TERMS`.
    """
    return sum(len(expand(side)) for side in equations.right_sides)


def is_equivalent_on(
    truth: Equations, proposed: Equations, params: Mapping[str, float], samples: Sequence[Trajectory]
) -> bool:
    """Whether `proposed`, with its constants refitted, is the true law as far as `samples` can show.

    It must have no more terms than the truth (a richer law that contains it is not equivalent) and reproduce every
    clean trajectory to `EQUIVALENT`.

    Args:
        truth: the true law, constants bound.
        proposed: the law to judge, with its parameters by name.
        params: values of the parameters in `proposed`, where the fit starts.
        samples: clean trajectories: the record's and one from another start.
    """
    from gedanken.worlds.ode.fit import fit

    try:
        if term_count(proposed.bind(params)) > term_count(truth):
            return False
        refitted = fit(proposed.text(), params, proposed.states, samples)
    except (TooLarge, OverflowError, ZeroDivisionError, Unanswerable):
        return False
    return bool(refitted.segments == 1 and np.all(1.0 - refitted.r2[np.isfinite(refitted.r2)] < EQUIVALENT))


def _drop_negligible(a: Sum, columns: Mapping[str, Array]) -> Sum:
    """The terms that make up at least `NEGLIGIBLE` of the root mean square of the whole."""
    with np.errstate(all="ignore"):
        values = {product: value * _product_value(product, columns) for product, value in a.items()}
        total = sum(values.values(), start=np.zeros(len(columns["t"])))
        scale = _rms(total)
        return {product: a[product] for product in a if not _rms(values[product]) < NEGLIGIBLE * scale}


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _product_value(product: Product, columns: Mapping[str, Array]) -> Array:
    result = np.ones(len(columns["t"]))
    for (kind, inner), exponent in product:
        if kind == "x":
            base = columns[inner]
        elif kind == "exp":
            base = np.exp(_product_value(inner, columns))
        elif kind == "power":
            base = _sum_value(inner[0], columns) ** _sum_value(inner[1], columns)
        else:
            inside = _sum_value(inner, columns)
            base = inside if kind == "sum" else getattr(np, kind)(inside)
        result = result * base**exponent
    return result


def _sum_value(a: tuple[tuple[Product, float], ...], columns: Mapping[str, Array]) -> Array:
    return sum((value * _product_value(product, columns) for product, value in a), start=np.zeros(len(columns["t"])))
