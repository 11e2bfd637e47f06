"""Altered law: the scene of `damped_pendulum`, but the damping goes with the cube of the angular velocity."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2theta/dt2 = -(g/L)*sin(theta) - b*dtheta**3",
    states=StateSpace.second_order(theta="dtheta"),
    params={"g": 9.81, "L": Uniform(0.5, 3.0), "b": Uniform(0.03, 0.2)},
    initial={"theta": Uniform(0.8, 2.5), "dtheta": Uniform(-1.0, 1.0)},
    hint="Pendulum released {theta:.2f} rad from the vertical in a viscous medium; its swings get smaller.",
    names_hint="theta is an angle and dtheta is its rate of change.",
    source="altered from damped_pendulum (S. H. Strogatz, Nonlinear Dynamics and Chaos, section 6.7): dtheta becomes "
    "dtheta**3",
    category="altered",
    tier=2,
)
