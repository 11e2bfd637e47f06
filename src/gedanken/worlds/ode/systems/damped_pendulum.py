"""A pendulum whose pivot drags in proportion to the angular velocity."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2theta/dt2 = -(g/L)*sin(theta) - b*dtheta",
    states=StateSpace.second_order(theta="dtheta"),
    params={"g": 9.81, "L": Uniform(0.5, 3.0), "b": Uniform(0.05, 0.5)},
    initial={"theta": Uniform(0.5, 2.5), "dtheta": Uniform(-1.0, 1.0)},
    readable="d2theta/dt2 = -w**2*sin(theta) - 2*c*dtheta",
    scales={"w": "sqrt(g/L)", "c": "b/2"},
    hint="Pendulum released {theta:.2f} rad from the vertical in a viscous medium; its swings get smaller.",
    names_hint="theta is an angle and dtheta is its rate of change.",
    source="S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), section 6.7, pendulum",
    category="mechanics",
    tier=2,
)
