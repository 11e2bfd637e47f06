"""A frictionless pendulum at any amplitude short of going over the top."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2theta/dt2 = -(g/L)*sin(theta)",
    states=StateSpace.second_order(theta="dtheta"),
    params={"g": 9.81, "L": Uniform(0.5, 3.0)},
    initial={"theta": Uniform(0.5, 2.5), "dtheta": Uniform(-1.0, 1.0)},
    readable="d2theta/dt2 = -w**2*sin(theta)",
    scales={"w": "sqrt(g/L)"},
    hint="Pendulum released {theta:.2f} rad from the vertical, on a frictionless pivot in vacuum.",
    names_hint="theta is an angle and dtheta is its rate of change.",
    conserved={"energy": "dtheta**2/2 - (g/L)*cos(theta)"},
    source="L. D. Landau and E. M. Lifshitz, Mechanics (3rd ed. 1976), section 11, problem 1",
    category="mechanics",
    tier=1,
)
