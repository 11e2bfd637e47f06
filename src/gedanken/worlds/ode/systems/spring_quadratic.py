"""Altered law: the scene of `spring_mass`, but the spring pulls with the square of its stretch."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -(k/m)*x*abs(x)",
    states=StateSpace.second_order(x="vx"),
    params={"k": Uniform(2.0, 20.0), "m": Uniform(0.5, 3.0)},
    initial={"x": Signed(Uniform(0.8, 2.0)), "vx": Uniform(-1.0, 1.0)},
    hint="Mass of {m:.2f} kg on a spring over a frictionless table, released {x:.2f} m from equilibrium.",
    names_hint="x is a position and vx is its rate of change.",
    conserved={"energy": "m*vx**2/2 + k*abs(x)**3/3"},
    source="altered from spring_mass (L. D. Landau and E. M. Lifshitz, Mechanics, section 21): x becomes x*abs(x)",
    category="altered",
    tier=2,
)
