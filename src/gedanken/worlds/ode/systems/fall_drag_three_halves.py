"""Altered law: the scene of `free_fall_drag`, but drag grows as the speed to the power 3/2."""

from gedanken.worlds.ode.system import LogUniform, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2y/dt2 = -g + k*abs(vy)**1.5",
    states=StateSpace.second_order(y="vy"),
    params={"g": Uniform(5.0, 15.0), "k": LogUniform(0.03, 0.5)},
    initial={"y": Uniform(20.0, 100.0), "vy": Uniform(-3.0, 0.0)},
    scene={"mass": Uniform(0.5, 5.0)},
    hint="Object dropped from altitude {y:.1f} m, mass {mass:.1f} kg, in air. Air resistance may be non-negligible.",
    names_hint="y is an altitude and vy is its rate of change.",
    source="altered from free_fall_drag (J. R. Taylor, Classical Mechanics, 2005, section 2.4): exponent 2 becomes 3/2",
    category="altered",
    tier=2,
)
