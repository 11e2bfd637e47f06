import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gedanken.bench import hostile
from gedanken.errors import Unanswerable, UserError
from gedanken.worlds.ode.law.latex import latex
from gedanken.worlds.ode.law.parser import FUNCTIONS, parse
from gedanken.worlds.ode.law.tree import Binary, Call, Equations, Expression, Minus, Name, Number, walk
from gedanken.worlds.ode.trajectory import StateSpace

FALL = StateSpace.second_order(y="vy")
PLANE = StateSpace.second_order(x="vx", y="vy")
PREY = StateSpace.first_order("x", "y")
PARAMS = ("g", "k")


def read(side: str) -> Expression:
    return parse(f"d2y/dt2 = {side}", FALL, PARAMS).right_sides[0]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("-y**2", Minus(Binary("**", Name("y"), Number(2.0)))),
        ("y**2**3", Binary("**", Name("y"), Binary("**", Number(2.0), Number(3.0)))),
        ("y - g - k", Binary("-", Binary("-", Name("y"), Name("g")), Name("k"))),
        ("-y*k", Binary("*", Minus(Name("y")), Name("k"))),
        ("y**-k", Binary("**", Name("y"), Minus(Name("k")))),
        ("2**-y*k", Binary("*", Binary("**", Number(2.0), Minus(Name("y"))), Name("k"))),
        ("y/g*k", Binary("*", Binary("/", Name("y"), Name("g")), Name("k"))),
        ("sin (dy)", Call("sin", Name("vy"))),
        ("((y))", Name("y")),
        (".5e-1", Number(0.05)),
    ],
)
def test_reads_with_the_precedence_of_python(text, tree):
    assert read(text) == tree


def test_statements_end_with_semicolons_or_lines_and_come_in_any_order():
    one = parse("d2x/dt2 = -k*vx; d2y/dt2 = -g", PLANE, PARAMS)
    other = parse("\n; d2y / dt2 = -g\n\n d2x/dt2=-k*vx ;", PLANE, PARAMS)
    assert one == other
    assert one.right_sides == (Binary("*", Minus(Name("k")), Name("vx")), Minus(Name("g")))


def test_a_velocity_may_have_the_law_and_its_definition_may_be_repeated():
    assert parse("dvy/dt = -g; dy/dt = vy", FALL, PARAMS) == parse("d2y/dt2 = -g", FALL, PARAMS)
    assert parse("dy/dt = (dydt)\nd2y/dt2 = -g", FALL, PARAMS).operators == 1


def test_first_order_systems():
    equations = parse("dx/dt = g*x - k*x*y; dy/dt = -y", PREY, PARAMS)
    assert equations.text() == "dx/dt = g*x - k*x*y; dy/dt = -y"
    assert (equations.operators, equations.complexity) == (5, 9 + 2)


def test_operators_and_complexity():
    equations = parse("d2y/dt2 = -g + k*vy**2", FALL, PARAMS)
    assert equations.operators == 4
    assert equations.complexity == 8
    assert parse("d2y/dt2 = -9.81", FALL).complexity == 1
    assert equations.names == {"g", "k", "vy"}
    assert not equations.uses_time
    assert parse("d2y/dt2 = cos(t)", FALL).uses_time


@pytest.mark.parametrize(
    ("text", "words", "position"),
    [
        ("d2y/dt2 = -q*y", ("'q'", "y, vy, t, g, k", "sin, cos"), 11),
        ("d2y/dt2 = sinh(y)", ("'sinh'", "unknown"), 10),
        ("d2y/dt2 = y^2", ("'^'", "**"), 11),
        ("d2y/dt2 = sin y", ("sin", "parentheses"), 10),
        ("d2y/dt2 = sin", ("sin", "parentheses"), 10),
        ("d2y/dt2 = y +", ("missing after '+'",), 13),
        ("d2y/dt2 = y*; d2y/dt2 = 1", ("missing after '*'",), 12),
        ("d2y/dt2 = 2y", ("'2y'", "*"), 10),
        ("d2y/dt2 = 2 y", ("operator is missing before 'y'",), 12),
        ("d2y/dt2 = (y)(vy)", ("operator is missing before '('",), 13),
        ("d2y/dt2 = g + k (vy)", ("'k' is not a function", "sin, cos", "*"), 14),
        ("d2y/dt2 = y(vy)", ("'y' is not a function",), 10),
        ("d2y/dt2 = 0x10", ("'0x10'", "not a number"), 10),
        ("d2y/dt2 = (y", ("'('", "never closed"), 10),
        ("d2y/dt2 = y)", ("')'", "closes nothing"), 11),
        ("d2y/dt2 = y // 2", ("'/'", "expected"), 13),
        ("d2y/dt2 = +y", ("'+'", "expected"), 10),
        ("d2y/dt2 = y, 1", ("','", "operator"), 11),
        ("d2y/dt2 = 1e999", ("'1e999'", "too large"), 10),
        ("d2y/dt2 = 3 + 1/0", ("'1/0'", "no finite value"), 15),
        ("d2y/dt2 = 9**9**9**9", ("'9**9**9'", "no finite value"), 14),
        ("d2y/dt2 = sqrt(-1)", ("sqrt(-1)", "no finite value"), 10),
        ("d2y/dt2 = \uff53in(y)", ("fullwidth latin small letter s", "ASCII"), 10),
        ("d2y/dt2 = \u2212y", ("minus sign", "ASCII"), 10),
        ("dy/dt = vy", ("no statement d2y/dt2",), 10),
        ("", ("no statement d2y/dt2",), 0),
        ("y = 3", ("left side 'y'", "d2y/dt2"), 0),
        ("d2z/dt2 = 3", ("left side 'd2z/dt2'", "d2y/dt2"), 0),
        ("just prose", ("'just prose'", "not a statement"), 0),
        ("d2y/dt2 = 1; d2y/dt2 = 2", ("defined twice",), 13),
        ("d2y/dt2 = 1; dy/dt = 2*vy", ("dy/dt is vy by definition",), 13),
        ("d2y/dt2 = " + "(" * 100, ("nested too deep",), 73),
        ("d2y/dt2 = y" + "+y" * 400, ("400 operators", "384"), None),
        ("d2y/dt2 = " + "y" * 2100, ("2110 characters", "2048"), 2048),
    ],
)
def test_every_refusal_names_the_token_and_its_place(text, words, position):
    with pytest.raises(Unanswerable) as refusal:
        parse(text, FALL, PARAMS)
    for word in words:
        assert word in str(refusal.value)
    assert refusal.value.position == position
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize(
    ("params", "word"),
    [
        (["sin"], "function"),
        (["vy"], "state variable"),
        (["dy"], "state variable"),
        (["t"], "time"),
        ([""], "not a name"),
        (["a b"], "not a name"),
        (["1a"], "not a name"),
        (["\u00b5"], "not a name"),
        (["k" * 33], "not a name"),
        (["k", "k"], "twice"),
        ([f"p{i}" for i in range(101)], "101 parameters"),
        ({"k": math.inf}, "not a finite number"),
    ],
)
def test_refuses_parameters_that_no_equation_can_use(params, word):
    with pytest.raises(Unanswerable, match=word):
        parse("d2y/dt2 = y", FALL, params)


def test_a_value_that_follows_from_the_parameters_must_be_finite():
    parse("d2y/dt2 = 1/k", FALL, ["k"])
    parse("d2y/dt2 = 1/k", FALL, {"k": 2.0})
    with pytest.raises(Unanswerable, match="no finite value"):
        parse("d2y/dt2 = 1/k", FALL, {"k": 0.0})


@pytest.mark.parametrize("name", ["t", "sin", "a b", "", "\u03b8", "y" * 33])
def test_states_must_have_usable_names(name):
    with pytest.raises(UserError, match="cannot be called"):
        parse("dx/dt = 1", StateSpace.first_order(name))


def test_at_most_twenty_states():
    with pytest.raises(UserError, match="1 to 20"):
        parse("", StateSpace.first_order(*(f"x{k}" for k in range(21))))


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_hostile_texts_are_refused_at_once(name):
    start = time.perf_counter()
    with pytest.raises(Unanswerable):
        parse(hostile.REFUSED[name], FALL, ())
    assert time.perf_counter() - start < 0.05


NAMES = st.sampled_from(["y", "vy", "t", "g", "k"]).map(Name)
NUMBERS = st.floats(0, 1e12, allow_nan=False).map(lambda value: Number(abs(value))) | st.integers(0, 99).map(
    lambda value: Number(float(value))
)
TREES = st.recursive(
    NAMES | NUMBERS,
    lambda inner: (
        inner.map(Minus)
        | st.builds(Call, st.sampled_from(list(FUNCTIONS)), inner)
        | st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "**"]), inner, inner)
    ),
    max_leaves=12,
)


@given(TREES)
@settings(max_examples=400, deadline=None)
def test_printing_and_reading_give_the_same_tree(tree):
    text = Equations(FALL, (tree,)).text()
    try:
        again = read(text.partition("=")[2])
    except Unanswerable as refusal:
        again = str(refusal)
    assert again == tree or "no finite value" in str(again)


@given(TREES)
@settings(max_examples=200, deadline=None)
def test_no_printed_parenthesis_can_be_left_out(tree):
    text = Equations(FALL, (tree,)).text().partition(" = ")[2]
    opened = []
    for i, character in enumerate(text):
        if character == "(":
            opened.append(i)
        elif character == ")":
            start = opened.pop()
            if start > 0 and text[start - 1].isalpha():
                continue  # the argument of a function
            shorter = text[:start] + text[start + 1 : i] + text[i + 1 :]
            try:
                assert read(shorter) != tree
            except Unanswerable:
                pass


@given(st.text(max_size=80) | st.text("dy2t/=()+-*. 0189evgksincoqr;\n^", max_size=80))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text):
    for prefix in ("", "d2y/dt2 = "):
        try:
            found = parse(prefix + text, FALL, PARAMS).text()
        except Unanswerable as refusal:
            found = str(refusal)
        assert found


def test_deep_trees_are_walked_without_recursion():
    tree = Name("y")
    for _ in range(50_000):
        tree = Minus(tree)
    assert sum(1 for _ in walk(tree)) == 50_001


def test_latex():
    equations = parse("d2x/dt2 = -(g/k)*sin(x)**2 - 2*vx; d2y/dt2 = sqrt(x)*1e-9*(x + 1)*3", PLANE, PARAMS)
    first, second = latex(equations).split(r" \\ ")
    assert first == r"\ddot{x} = -\frac{g}{k} \left(\sin\left(x\right)\right)^{2} - 2 \dot{x}"
    assert second == r"\ddot{y} = \sqrt{x} \cdot 10^{-9} \left(x + 1\right) \cdot 3"
    names = parse("dtheta_1/dt = omega2*k_max", StateSpace.first_order("theta_1"), ["omega2", "k_max"])
    assert latex(names) == r"\dot{\theta_{1}} = \omega_{2} \, k_{\mathrm{max}}"


@given(TREES)
@settings(max_examples=100, deadline=None)
def test_latex_is_balanced_and_understood(tree):
    shown = latex(Equations(FALL, (tree,)))
    assert shown.count("{") == shown.count("}")
    assert shown.count(r"\left") == shown.count(r"\right")
    assert "**" not in shown
