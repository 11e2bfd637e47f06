import math
import time

import numpy as np
import pytest

from gedanken.worlds.ode.law.algebra import equivalent, evaluate, to_sympy
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.law.tree import Equations, Expression
from gedanken.worlds.ode.trajectory import StateSpace

FALL = StateSpace.second_order(y="vy")
PARAMS = ("g", "k")


def read(side: str) -> Expression:
    return parse(f"d2y/dt2 = {side}", FALL, PARAMS).right_sides[0]


def test_sympy_has_the_same_values():
    import sympy

    tree = read("-g*sin(y)**2 + abs(vy)*exp(-k*t)/sqrt(1.5) - log(3)*cos(y) + tan(k)**3")
    form = to_sympy(tree)
    values = {"g": 9.81, "k": 0.3, "y": 0.7, "vy": -1.2, "t": 2.0}
    want = evaluate(tree, {name: np.array([value]) for name, value in values.items()})[0][0]
    got = form.subs({sympy.Symbol(name, real=True): value for name, value in values.items()})
    assert float(got) == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("text", ["y + (1/3)**9999999", "y*9**300", "y**(2**99)", "y + 2**0.5**99", "7e22*y"])
def test_sympy_forms_stay_small(text):
    start = time.perf_counter()
    form = to_sympy(read(text))
    assert len(str(form)) < 400
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("-g + k*vy**2", "k*vy*vy - g", True),
        ("-(g/k)*sin(y)", "-sin(y)*g/k", True),
        ("(y + vy)**2", "y**2 + 2*y*vy + vy**2", True),
        ("sin(2*y)", "2*sin(y)*cos(y)", True),
        ("sqrt(y**2)", "abs(y)", True),
        ("sqrt(y**2)", "y", False),
        ("y", "y + 1e-9", False),
        ("y", "y*(1 + 1e-9*vy)", False),
        ("exp(log(y))", "y", False),
        ("-g", "-k", False),
        ("y**3", "y**3.0001", False),
        ("(y+vy+t+1)**60", "(1+t+vy+y)**60", True),
        ("log(-1-y**2)*0", "log(-2-y**2)*0", True),
        ("1.5", "3/2", True),
        ("0*y", "0", True),
    ],
)
def test_equivalence(left, right, same):
    a, b = Equations(FALL, (read(left),)), Equations(FALL, (read(right),))
    start = time.perf_counter()
    assert equivalent(a, b) is same
    assert equivalent(b, a) is same
    assert time.perf_counter() - start < 5


def test_binding_values_makes_differently_named_parameters_comparable():
    one = parse("d2y/dt2 = -g*y", FALL, ["g"]).bind({"g": 4.0})
    other = parse("d2y/dt2 = k*y", FALL, ["k"]).bind({"k": -4.0})
    assert equivalent(one, other)
    assert other.text() == "d2y/dt2 = -4*y"
    assert parse(other.text(), FALL) == other
    with pytest.raises(ValueError, match="nan"):
        one.bind({"y": math.nan})


def test_rounding_bounds_hold():
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(-2, 2, 200) for name in ("y", "vy", "t", "g", "k")}
    exact = {name: array.astype(np.longdouble) for name, array in values.items()}
    for text in ("(y + 1e6) - 1e6", "sin(y*vy)/(k + 3) - exp(g)*y**3", "(y - vy)*(y + vy) - y**2 + vy**2"):
        tree = read(text)
        found, bound = evaluate(tree, values)
        with np.errstate(all="ignore"):
            want = evaluate(tree, exact)[0]
        assert (np.abs(found - want) <= bound + 1e-300).all()
