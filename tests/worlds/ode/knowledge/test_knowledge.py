"""What is known: as it is said, what it means, and which laws disagree with it."""

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.worlds.ode.knowledge import Knowledge, facts, why_not, write_knowledge
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

PENDULUM = StateSpace.second_order(theta="omega")
PLANE = StateSpace.second_order(x="vx", y="vy")
EPIDEMIC = StateSpace.first_order("S", "I", "R")


def law(equation: str, states: StateSpace = PENDULUM, **params: float) -> Law:
    return Law.of(Answer(equation, params), states)


def record(states: StateSpace) -> list[Trajectory]:
    rng = np.random.default_rng(2)
    return [Trajectory(np.arange(40.0), rng.uniform(0.2, 1.5, (40, states.size)))]


def test_python_and_typed_text_are_one():
    typed = Knowledge.read(
        "d2theta/dt2 = -g*sin(theta) + ?",
        ["g=9.81"],
        "omega=:0, theta=-1:1",
        forbid="t, sin(2*theta)",
        units="theta=rad",
    )
    said = Knowledge.read(
        known=["d2theta/dt2 = -g*sin(theta) + ?"],
        fix={"g": 9.81},
        bound={"omega": (None, 0), "theta": (-1, 1)},
        forbid=["t", "sin(2*theta)"],
        units={"theta": "rad"},
    )
    assert typed == said
    assert Knowledge.read(**typed.to_dict()) == typed
    assert Knowledge.read(**typed.to_texts()) == typed
    assert not Knowledge.read()


def test_nothing_known_refuses_nothing_and_says_nothing():
    assert why_not(Knowledge(), law("d2theta/dt2 = exp(theta)")) == ""
    assert write_knowledge(Knowledge()) == ""


KNOWN = Knowledge.read("d2theta/dt2 = -g*sin(theta) + ?", "g=9.81", "omega=:0", forbid="t, theta**3, cos")


@pytest.mark.parametrize(
    ("equation", "params", "reason"),
    [
        ("d2theta/dt2 = -9.81*sin(theta) - c*omega", {"c": 0.2}, ""),
        ("d2theta/dt2 = -c*omega - g*sin(theta)", {"c": 0.2, "g": 9.81}, ""),
        ("d2theta/dt2 = -(c*omega + 2*g*sin(theta)/2)", {"c": 0.2, "g": 9.81}, ""),
        ("d2theta/dt2 = -g*sin(theta)", {"g": 9.6}, "g = 9.6, which is known to be 9.81"),
        ("d2theta/dt2 = -a*sin(theta)", {"a": 9.6}, "coefficient of sin(theta) is -9.6"),
        ("d2theta/dt2 = -c*omega", {"c": 0.2}, "lacks the known term sin(theta)"),
        (
            "d2theta/dt2 = -9.81*sin(theta) + c*omega",
            {"c": 0.2},
            "coefficient of omega is 0.2, which is known to be at most 0",
        ),
        ("d2theta/dt2 = -9.81*sin(theta) + c*t", {"c": 0.2}, "t is known not to occur"),
        ("d2theta/dt2 = -9.81*sin(theta) + cos(theta)", {}, "cos is known not to occur"),
        ("d2theta/dt2 = -9.81*sin(theta) + c*theta*theta**2", {"c": 0.2}, "theta**3 is known not to occur"),
    ],
)
def test_laws_that_agree_and_that_do_not(equation, params, reason):
    found = why_not(KNOWN, law(equation, **params))
    assert found == "" if not reason else reason in found


def test_an_equation_without_a_question_mark_is_complete():
    known = Knowledge.read("d2theta/dt2 = -g*sin(theta) - c*omega")
    assert why_not(known, law("d2theta/dt2 = -3*sin(theta) - 0.1*omega")) == ""
    assert "theta is no term" in why_not(known, law("d2theta/dt2 = -3*sin(theta) - 0.1*omega + theta"))


def test_terms_are_all_there_are_whatever_their_constants():
    known = Knowledge.read(terms="sin(k*theta), omega")
    assert why_not(known, law("d2theta/dt2 = -3*sin(1.7*theta) - 0.1*omega")) == ""
    assert why_not(known, law("d2theta/dt2 = -3*sin(theta)")) == ""
    assert "theta is known not to occur" in why_not(known, law("d2theta/dt2 = -3*theta"))


def test_a_term_may_be_meant_in_one_equation():
    known = Knowledge.read(forbid="dx/dt: y")
    states = StateSpace.first_order("x", "y")
    assert why_not(known, law("dx/dt = -x; dy/dt = y", states)) == ""
    assert "in dx/dt" in why_not(known, law("dx/dt = -x + 0.1*y; dy/dt = y", states))


@pytest.mark.parametrize(
    ("states", "equation", "reason"),
    [
        (PENDULUM, "d2theta/dt2 = -9.8*sin(theta)", ""),
        (PENDULUM, "d2theta/dt2 = -9.8*sin(theta) - 0.1*omega", "does work"),
        (PENDULUM, "d2theta/dt2 = -9.8*sin(theta) + cos(t)", "from outside"),
        (PLANE, "d2x/dt2 = -x/(x**2 + y**2)**1.5; d2y/dt2 = -y/(x**2 + y**2)**1.5", ""),
        (PLANE, "d2x/dt2 = 2*vy; d2y/dt2 = -2*vx", ""),
        (PLANE, "d2x/dt2 = 2*vy; d2y/dt2 = -3*vx", "does work"),
        (PLANE, "d2x/dt2 = y; d2y/dt2 = -x", "no potential"),
    ],
)
def test_energy(states, equation, reason):
    found = why_not(Knowledge.read(conserve="energy"), law(equation, states), record(states))
    assert found == "" if not reason else reason in found


def test_a_conserved_expression():
    known = Knowledge.read(conserve="S + I + R")
    kept = "dS/dt = -b*S*I; dI/dt = b*S*I - c*I; dR/dt = c*I"
    assert why_not(known, law(kept, EPIDEMIC, b=1.0, c=0.3), record(EPIDEMIC)) == ""
    lost = kept.replace("dR/dt = c*I", "dR/dt = 2*c*I")
    assert "does not keep S + I + R" in why_not(known, law(lost, EPIDEMIC, b=1.0, c=0.3), record(EPIDEMIC))


def test_the_prompt_says_what_is_known():
    text = write_knowledge(KNOWN)
    for part in ("-g*sin(theta) + ?", "g is 9.81", "The coefficient of omega is at most 0", "t, theta**3, cos"):
        assert part in text
    assert text.endswith("A law that breaks this scores 0.")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"fix": "g"}, "fix wants NAME=VALUE"),
        ({"fix": "g=much"}, "is a number"),
        ({"bound": "g=1"}, "LOWER:UPPER"),
        ({"bound": "g=3:1"}, "lower bound of g is above"),
        ({"known": "dx = 3"}, "is not an equation"),
        ({"known": "d2theta/dt2 = ? + 3"}, "stands at the end"),
        ({"known": "d2theta/dt2 = -theta^2 + ?"}, "a power is written"),
        ({"fix": "g=2"}, "neither a constant of the known part nor a term"),
        ({"terms": "theta + omega"}, "not one term but 2"),
        ({"forbid": "dq/dt: theta"}, "names no equation"),
        ({"units": "z=m"}, "there is no 'z'"),
        ({"units": "theta=m^^2"}, "is not a unit"),
        ({"conserve": "theta+"}, "not in the grammar"),
        ({"known": "d2theta/dt2 = -g*theta", "fix": "g=5", "bound": "g=:1"}, "outside of its bounds"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(said, sentence):
    with pytest.raises(UserError, match=sentence.replace("^", r"\^")):
        facts(Knowledge.read(**said), PENDULUM)


def test_energy_is_for_laws_of_second_order():
    with pytest.raises(UserError, match="second order"):
        facts(Knowledge.read(conserve="energy"), EPIDEMIC)
