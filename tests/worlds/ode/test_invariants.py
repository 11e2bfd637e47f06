import numpy as np
import pytest

from gedanken.errors import Unanswerable
from gedanken.worlds.ode.invariants import drift, evaluate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

T = np.linspace(0.0, 6.0, 50)
STATES = StateSpace.second_order(x="vx")
SWING = Trajectory(T, np.column_stack([np.cos(2 * T), -2 * np.sin(2 * T)]))


def test_expressions_have_pythons_values():
    assert float(evaluate("-m*g/2 + k**0.5", {"m": 2.0, "g": 9.8, "k": 4.0})) == pytest.approx(-7.8)
    assert evaluate("x**2 + t", {"x": T, "t": T}) == pytest.approx(T**2 + T)
    assert float(evaluate("3/4", {})) == 0.75


def test_only_the_grammar_is_read():
    for text in ("__import__('os')", "x.real", "q + 1", "[1]", "x if x else 0"):
        with pytest.raises(Unanswerable):
            evaluate(text, {"x": 1.0})


def test_drift_is_relative():
    assert drift("vx**2/2 + k*x**2/2", STATES, {"k": 4.0}, SWING) < 1e-12
    assert drift("vx**2/2 + k*x**2/2", STATES, {"k": 4.4}, SWING) == pytest.approx(0.2 / 2.2, rel=0.02)
