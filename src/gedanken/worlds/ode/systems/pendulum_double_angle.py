"""Altered law: the scene of `simple_pendulum`, but the torque goes with the sine of twice the angle."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2theta/dt2 = -(g/L)*sin(2*theta)",
    states=StateSpace.second_order(theta="dtheta"),
    params={"g": 9.81, "L": Uniform(1.0, 5.0)},
    initial={"theta": Uniform(0.4, 1.3), "dtheta": Uniform(-1.0, 1.0)},
    hint="Pendulum released {theta:.2f} rad from the vertical, on a frictionless pivot in vacuum.",
    names_hint="theta is an angle and dtheta is its rate of change.",
    conserved={"energy": "dtheta**2/2 - (g/L)*cos(2*theta)/2"},
    source="altered from simple_pendulum (L. D. Landau and E. M. Lifshitz, Mechanics, section 11): theta becomes "
    "2*theta",
    category="altered",
    tier=2,
)
