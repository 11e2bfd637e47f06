"""A damped pendulum with a periodic torque: simple to write down, rich in motions."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2theta/dt2 = -(g/L)*sin(theta) - b*dtheta + p*cos(w*t)",
    states=StateSpace.second_order(theta="dtheta"),
    params={"g": 9.81, "L": Uniform(1.0, 4.0), "b": Uniform(0.2, 0.8), "p": Uniform(0.5, 3.0), "w": Uniform(0.8, 3.0)},
    initial={"theta": Uniform(0.2, 1.5), "dtheta": Uniform(-1.0, 1.0)},
    hint="Pendulum starting {theta:.2f} rad from the vertical in oil, with a motor at the pivot that turns to and fro.",
    names_hint="theta is an angle and dtheta is its rate of change.",
    samples=150,
    source="J. R. Taylor, Classical Mechanics (2005), section 12.2, the driven damped pendulum",
    category="mechanics",
    tier=3,
)
