"""A mass on an ideal spring; only the ratio of stiffness and mass can be seen."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -(k/m)*x",
    states=StateSpace.second_order(x="vx"),
    params={"k": Uniform(1.0, 20.0), "m": Uniform(0.5, 3.0)},
    initial={"x": Signed(Uniform(0.5, 2.0)), "vx": Uniform(-1.0, 1.0)},
    readable="d2x/dt2 = -w**2*x",
    scales={"w": "sqrt(k/m)"},
    hint="Mass of {m:.2f} kg on a spring over a frictionless table, released {x:.2f} m from equilibrium.",
    names_hint="x is a position and vx is its rate of change.",
    conserved={"energy": "m*vx**2/2 + k*x**2/2"},
    source="L. D. Landau and E. M. Lifshitz, Mechanics (3rd ed. 1976), section 21, free oscillations in one dimension",
    category="mechanics",
    tier=2,
)
