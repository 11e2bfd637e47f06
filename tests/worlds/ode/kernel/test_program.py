"""The compiled reader and the machine against the readable parser and the values of its trees."""

import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gedanken.bench import hostile
from gedanken.bench.fuzz import mutate, write_expression
from gedanken.errors import Unanswerable
from gedanken.seeding import stream
from gedanken.worlds.ode.inputs import Input
from gedanken.worlds.ode.kernel.limits import MAX_OPERATORS, MAX_STATES, MAX_TEXT
from gedanken.worlds.ode.kernel.machine import REGISTERS, run, run_dual
from gedanken.worlds.ode.kernel.program import (
    COUNTS,
    INSTRUCTIONS,
    OPERATOR_COUNT,
    WORK,
    compile_text,
)
from gedanken.worlds.ode.kernel.status import OK
from gedanken.worlds.ode.kernel.tokens import pack_symbols, read_number
from gedanken.worlds.ode.law.algebra import evaluate
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.trajectory import StateSpace

FALL = StateSpace.second_order(y="vy")
PLANE = StateSpace.second_order(x="vx", y="vy")
MIXED = StateSpace.first_order("x", "y")
DRIVEN = StateSpace(FALL.coordinates, (Input("u"), Input("step", "hold"), Input("m", "trial")))


class Program:
    """A text compiled by the kernels; `status` is 0 when it could be."""

    def __init__(self, text, states, params, fold):
        self.R, self.code = np.zeros(REGISTERS), np.zeros(MAX_OPERATORS, np.int64)
        self.out, self.counts = np.zeros(MAX_STATES, np.int64), np.zeros(COUNTS, np.int64)
        text, names = np.frombuffer(text.encode(), np.uint8), np.frombuffer("\0".join(params).encode(), np.uint8)
        values = np.array([float(value) for value in params.values()])
        work = np.zeros(WORK, np.int64)
        self.status = compile_text(
            text, 0, text.size, names, 0, names.size, values, pack_symbols(states), fold, self.code, self.R, self.out,
            self.counts, work,
        )  # fmt: skip
        self.operations = int(self.counts[INSTRUCTIONS])
        self.operators = int(self.counts[OPERATOR_COUNT])

    def run(self, state, t):
        self.R[: len(state)], self.R[len(state)] = state, t
        run(self.code, self.operations, self.R)
        return self.R[self.out[: len(state)]]


def check_alike(text, states, params):
    """Both parsers accept the text or both refuse it; then they count alike. Returns whether it was accepted."""
    try:
        equations = parse(text, states, params)
    except Unanswerable:
        equations = None
    folded = Program(text, states, params, True)
    assert (folded.status == OK) == (equations is not None), (text, folded.status, equations)
    try:
        unfolded = parse(text, states, list(params))
    except Unanswerable:
        unfolded = None
    assert (Program(text, states, params, False).status == OK) == (unfolded is not None), text
    if equations is None:
        return False
    assert folded.operators == equations.operators
    return True


PARAMS = {"k": 1.7, "c": -0.4, "zero": 0.0}


@pytest.mark.parametrize("states", [FALL, PLANE, MIXED, DRIVEN])
def test_both_parsers_accept_the_same_language(states):
    rng = stream("tests", "language", *states.columns, *states.input_names)
    accepted = 0
    for _ in range(4000):
        sides = [write_expression(rng, int(rng.integers(1, 6))) for _ in states.left_sides]
        text = "; ".join(f"{left} = {side}" for left, side in zip(states.left_sides, sides, strict=True))
        if states is not FALL:
            text = text.replace("dy ", "y ").replace("vy", "y") if states is MIXED else text
        if states is DRIVEN:
            for name, given in {"k": "u", "c": "step", "t": "m"}.items():
                text = re.sub(rf"\b{name}\b", given, text) if rng.random() < 0.7 else text
        if rng.random() < 0.6:
            text = mutate(text, rng)
        if len(text) <= MAX_TEXT and text.isascii():
            accepted += check_alike(text, states, PARAMS)
    assert accepted > 1000


@given(st.text("dy2t/=()+-*. 09eEvkc;\n\tsin", max_size=60))
@settings(max_examples=1500, deadline=None)
def test_both_parsers_accept_the_same_junk(text):
    for prefix in ("", "d2y/dt2 = ", "d2y/dt2 = 1; dy/dt"):
        check_alike(prefix + text, FALL, PARAMS)


@pytest.mark.parametrize("text", [*hostile.REFUSED.values(), *hostile.BOUNDED.values()])
def test_both_parsers_agree_on_hostile_texts(text):
    if len(text) <= MAX_TEXT and text.isascii():
        check_alike(text, FALL, {})


@pytest.mark.parametrize("depth", range(50, 70))
@pytest.mark.parametrize("unit", ["(", "sin(", "-(", "y+(", "y**", "-", "2*(y-("])
def test_both_parsers_stop_at_the_same_depth(unit, depth):
    opened = unit.count("(")
    check_alike(f"d2y/dt2 = {unit * depth}y{')' * (opened * depth)}", FALL, {})


@pytest.mark.parametrize("count", [127, 128, 129])
def test_both_parsers_stop_at_the_same_number_of_operators(count):
    assert check_alike("d2y/dt2 = y" + "+y" * count, FALL, {}) == (count <= MAX_OPERATORS)
    numbers = "+".join(str(i) for i in range(count + 1))
    assert check_alike(f"d2y/dt2 = {numbers}", FALL, {}) == (count <= MAX_OPERATORS)


@pytest.mark.parametrize(
    "params", [{"sin": 1}, {"t": 1}, {"vy": 1}, {"dydt": 1}, {"": 1}, {"a b": 1}, {"p" * 32: 1}, {"p" * 33: 1}]
)
def test_both_parsers_accept_the_same_parameters(params):
    check_alike("d2y/dt2 = y", FALL, params)


def test_values_are_those_of_the_tree():
    rng = stream("tests", "values")
    compared = 0
    for _ in range(3000):
        text = "d2y/dt2 = " + write_expression(rng, int(rng.integers(1, 6)))
        state, t = rng.uniform(-3, 3, 2), float(rng.uniform(0, 3))
        try:
            tree = parse(text, FALL, PARAMS).right_sides[0]
        except Unanswerable:
            continue
        values = {name: np.array([v]) for name, v in {"y": state[0], "vy": state[1], "t": t, **PARAMS}.items()}
        want, bound = (array[0] for array in evaluate(tree, values))
        for fold in (True, False):
            got = Program(text, FALL, PARAMS, fold).run(state, t)[1]
            if math.isfinite(want) and bound < 1e300:
                assert abs(got - want) <= 8 * bound + 1e-300, (text, got, want)
                compared += 1
    assert compared > 2000


def test_folding_and_sharing_shorten_the_program():
    text = "d2x/dt2 = -k*sqrt(vx**2 + vy**2)*vx; d2y/dt2 = -9.81 - k*sqrt(vx**2 + vy**2)*vy"
    assert Program(text, PLANE, {"k": 0.1}, True).operations == 9
    assert Program("d2y/dt2 = -(k/c)*y*1**2", FALL, PARAMS, True).operations == 2
    assert Program("d2y/dt2 = y**1 + vy**0", FALL, {}, True).operations == 1


@np.errstate(all="ignore")
def test_tangents_are_derivatives():
    rng = stream("tests", "tangents")
    compared = 0
    params = {"k": 1.7, "c": 0.4}
    for _ in range(1500):
        text = "d2y/dt2 = " + write_expression(rng, 4)
        program = Program(text, FALL, params, False)
        if program.status != OK or "e22" in text or "e300" in text:  # rounding swallows a step of 1e-6
            continue
        lanes = 6  # value, then by y, vy, t, k, c
        R = np.zeros(REGISTERS * lanes)
        R[::lanes] = program.R
        point = np.array([1.1, 0.7, 0.4, 1.7, 0.4])
        for i in range(5):
            R[i * lanes], R[i * lanes + 1 + i] = point[i], 1.0
        run_dual(program.code, program.operations, R, lanes)
        at = program.out[1] * lanes
        value, tangents = R[at], R[at + 1 : at + lanes]

        def side(x, program=program):
            program.R[3:5] = x[3:]
            return program.run(x[:2], x[2])[1]

        for i in range(5):
            step = np.zeros(5)
            step[i] = 1e-6
            slope = (side(point + step) - side(point - step)) / 2e-6
            middle = (side(point + step / 2) - side(point - step / 2)) / 1e-6
            # Where two step lengths disagree, the difference says nothing (a kink, a pole, rounding).
            if np.isfinite([slope, tangents[i], value]).all() and abs(slope - middle) < 1e-5 * max(1, abs(slope)):
                assert abs(slope - tangents[i]) < 1e-4 * max(1.0, abs(slope), abs(value)), (text, i)
                compared += 1
    assert compared > 2000


def test_numbers_are_read_to_the_last_place():
    rng = stream("tests", "numbers")
    exact = 0
    for i in range(6000):
        text = repr(rng.uniform(0, 100)) if i % 2 else f"{rng.uniform(1, 10):.{rng.integers(1, 18)}e}"
        if i % 4 == 3:
            text = text.partition("e")[0] + f"e{rng.integers(-300, 300)}"
        buffer = np.frombuffer(text.encode(), np.uint8)
        end, got = read_number(buffer, 0, buffer.size)
        assert end == buffer.size
        assert got == pytest.approx(float(text), rel=1e-15)
        exact += got == float(text)
    assert exact > 5000


@pytest.mark.parametrize("text", ["0", "0.0", "1e-400", "0e999", "000001", "1" + "0" * 300, "0." + "0" * 300 + "1"])
def test_extreme_numbers(text):
    buffer = np.frombuffer(text.encode(), np.uint8)
    assert read_number(buffer, 0, buffer.size)[1] == pytest.approx(float(text), rel=1e-14)


def test_json_of_the_hostile_answers_is_what_it_says():
    assert json.loads(hostile.as_json("d2y/dt2 = y")) == {"equation": "d2y/dt2 = y", "params": {}}
