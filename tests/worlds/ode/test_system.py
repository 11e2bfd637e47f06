from dataclasses import replace

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.worlds.ode import system
from gedanken.worlds.ode.system import Choice, LogUniform, Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SPRING = System(
    equation="d2x/dt2 = -k*x",
    states=StateSpace.second_order(x="vx"),
    params={"k": "rate**2"},
    initial={"x": Uniform(1.0, 2.0), "vx": "-x*rate"},
    hint="Released at {x:.3f}, rate {rate:.3f}.",
    names_hint="x is a position and vx is its rate of change.",
    source="made for this test",
    category="mechanics",
    tier=1,
    scene={"rate": Uniform(1.0, 2.0)},
    duration="6/rate",
)


def test_ranges_draw_within_their_bounds():
    rng = stream("test", "ranges")
    uniform = [Uniform(2.0, 3.0).draw(rng) for _ in range(500)]
    logs = np.log10([LogUniform(1e-3, 1e1).draw(rng) for _ in range(500)])
    signed = np.array([Signed(Uniform(1.0, 2.0)).draw(rng) for _ in range(500)])
    chosen = {Choice((1.0, 5.0)).draw(rng) for _ in range(100)}
    assert 2.0 <= min(uniform) < 2.1
    assert 2.9 < max(uniform) <= 3.0
    # Even in the logarithm: a quarter of the draws in each of the four decades, give or take five standard errors.
    assert np.allclose(np.histogram(logs, bins=[-3, -2, -1, 0, 1])[0] / 500, 0.25, atol=0.1)
    assert (np.abs(signed) >= 1).all()
    assert (np.abs(signed) <= 2).all()
    assert 0.4 < (signed > 0).mean() < 0.6
    assert chosen == {1.0, 5.0}


def test_expressions_use_what_was_drawn_before():
    instance = system.draw(SPRING, stream("test", 0))
    rate = np.sqrt(instance.params["k"])
    assert instance.initial[1] == pytest.approx(-instance.initial[0] * rate)
    assert instance.duration == pytest.approx(6 / rate)
    assert instance.times[[0, -1]] == pytest.approx([0.0, 6 / rate])
    assert instance.hint == f"Released at {instance.initial[0]:.3f}, rate {rate:.3f}."


def test_a_trajectory_solves_the_law():
    instance = system.draw(SPRING, stream("test", 1))
    t = np.linspace(0.1, instance.duration, 40)
    x0, v0 = instance.initial
    rate = np.sqrt(instance.params["k"])
    exact = x0 * np.cos(rate * t) + v0 / rate * np.sin(rate * t)
    assert system.trajectory(instance, t).values[:, 0] == pytest.approx(exact, abs=1e-6)


def test_a_second_start_keeps_the_law():
    rng = stream("test", 2)
    first = system.draw(SPRING, rng)
    second = system.draw(SPRING, rng, first.params)
    assert second.params == first.params
    assert second.initial[0] != first.initial[0]


def test_draws_that_leave_the_range_or_stand_still_are_drawn_again():
    explosive = replace(
        SPRING, params={"k": Choice((-9.0, 1.0))}, initial={"x": 1.0, "vx": 0.0}, scene={"rate": 1.0}, limit=5.0
    )
    drawn = [system.draw(explosive, stream("test", "explosive", index)) for index in range(40)]
    assert {instance.params["k"] for instance in drawn} == {1.0}
    assert sum(instance.rejected for instance in drawn) > 10
    still = replace(SPRING, params={"k": 1.0}, initial={"x": 0.0, "vx": 0.0}, scene={"rate": 1.0})
    with pytest.raises(RuntimeError, match="no usable draw"):
        system.draw(still, stream("test"))


def test_anonymous_names_change_nothing_else():
    entry = system.load("projectile_drag")
    named = system.draw(entry, stream("test", 3))
    anonymous = system.draw(system.anonymise(entry), stream("test", 3))
    assert anonymous.system.equation == (
        "d2x0/dt2 = -c1*sqrt(x1**2 + x3**2)*x1; d2x2/dt2 = -c0 - c1*sqrt(x1**2 + x3**2)*x3"
    )
    assert anonymous.system.states.columns == ("x0", "x1", "x2", "x3")
    assert list(anonymous.params.values()) == list(named.params.values())
    assert (anonymous.initial == named.initial).all()
    assert anonymous.system.names_hint.endswith("x1 is the time derivative of x0, x3 is the time derivative of x2.")


def test_anonymous_first_order_left_sides():
    assert (
        system.anonymise(system.load("sir")).equation == "dx0/dt = -c0*x0*x1; dx1/dt = c0*x0*x1 - c1*x1; dx2/dt = c1*x1"
    )


def test_an_entry_must_name_its_columns_in_order():
    with pytest.raises(ValueError, match="x, vx in this order"):
        replace(SPRING, initial={"vx": 0.0, "x": 1.0})
    with pytest.raises(ValueError, match="tier"):
        replace(SPRING, tier=4)


def test_tier_three_and_altered_laws_are_held_out():
    held_out = {name for name in system.names() if system.load(name).held_out}
    assert {"projectile_drag", "charged_b_field", "pendulum_double_angle"} <= held_out
    assert {"free_fall", "simple_pendulum", "damped_spring", "lotka_volterra"}.isdisjoint(held_out)


def test_an_unknown_system_is_the_users_fault():
    with pytest.raises(UserError, match="did you mean free_fall"):
        system.load("freefall")
