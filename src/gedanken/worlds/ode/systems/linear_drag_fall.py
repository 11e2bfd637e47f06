"""A small body sinks through a viscous fluid: drag in proportion to the velocity."""

from gedanken.worlds.ode.system import LogUniform, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2y/dt2 = -g - b*vy",
    states=StateSpace.second_order(y="vy"),
    params={"g": Uniform(5.0, 12.0), "b": LogUniform(0.2, 1.5)},
    initial={"y": Uniform(20.0, 100.0), "vy": Uniform(-5.0, 20.0)},
    scene={"mass": Uniform(0.01, 0.1)},
    hint="Pellet of {mass:.3f} kg moving at {vy:.1f} m/s vertically through a thick fluid, from height {y:.1f} m.",
    names_hint="y is a height and vy is its rate of change.",
    source="J. R. Taylor, Classical Mechanics (2005), section 2.2, linear air resistance",
    category="mechanics",
    tier=1,
)
