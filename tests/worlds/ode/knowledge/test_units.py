"""Dimensional analysis: units as they are written, terms that agree, and the units of constants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.worlds.ode.knowledge.units import analyse, constant_units, dimensions, read_unit, write_unit
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import StateSpace

PLANE = StateSpace.second_order(x="vx", y="vy")
METRES = dimensions({"x": "m", "y": "m", "t": "s"}, PLANE)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("N", "kg*m/s^2"),
        ("m s-2", "m/s^2"),
        ("m/s/s", "m/s²"),
        ("J", "N*m"),
        ("V*A", "W"),
        ("rad/s", "1/s"),
        ("%", ""),
        ("kg*m^2/s^2", "J"),
    ],
)
def test_units_are_products_of_base_units(text, same):
    assert read_unit(text) == read_unit(same)


def test_symbols_that_are_no_derived_unit_stand_for_themselves():
    assert read_unit("cm") != read_unit("m")
    assert write_unit(read_unit("cells/ml")) == "cells/ml"


@given(st.dictionaries(st.sampled_from(["m", "s", "kg", "mol", "cells"]), st.integers(-4, 4).filter(bool), max_size=4))
def test_what_is_written_reads_the_same(powers):
    text = "*".join(f"{base}^{power}" for base, power in powers.items())
    assert read_unit(write_unit(read_unit(text))) == read_unit(text)


def law(equation: str, **params: float) -> Law:
    return Law.of(Answer(equation, params), PLANE)


def test_constants_get_the_units_that_the_equation_needs():
    drag = "c*sqrt(vx**2 + vy**2)"
    found = law(f"d2x/dt2 = -k*x - {drag}*vx; d2y/dt2 = -g - {drag}*vy", k=1.0, c=1.0, g=1.0)
    assert constant_units(METRES, found) == {"k": "1/s^2", "c": "1/m", "g": "m/s^2"}
    assert analyse(METRES, found).faults == []


def test_what_the_units_leave_open_gets_none():
    found = law("d2x/dt2 = -k*x/m; d2y/dt2 = -sin(q*y)*a", k=1.0, m=2.0, q=1.0, a=1.0)
    assert constant_units(METRES, found) == {"q": "1/m", "a": "m/s^2"}


@pytest.mark.parametrize("side", ["-k*sin(x)", "k*(x + vx)", "-x", "exp(-k*t) + x/t**2"])
def test_parts_that_cannot_agree_are_faults(side):
    assert analyse(METRES, law(f"d2x/dt2 = {side}; d2y/dt2 = 0", **({"k": 1.0} if "k" in side else {}))).faults


def test_numbers_may_stand_for_constants_with_units():
    assert analyse(METRES, law("d2x/dt2 = -9.81*sin(2*x); d2y/dt2 = -9.81")).faults == []
