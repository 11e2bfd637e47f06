"""A particle between two valleys: the origin pushes it away, far out it is pulled back."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = alpha*x - beta*x**3",
    states=StateSpace.second_order(x="vx"),
    params={"alpha": Uniform(0.5, 2.0), "beta": Uniform(0.5, 2.0)},
    initial={"x": Signed(Uniform(0.3, 1.8)), "vx": Uniform(-1.0, 1.0)},
    hint="Bead on a smooth wire with two dips, started {x:.2f} m from the middle at {vx:.2f} m/s.",
    names_hint="x is a position and vx is its rate of change.",
    samples=150,
    conserved={"energy": "vx**2/2 - alpha*x**2/2 + beta*x**4/4"},
    source="S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), example 6.5.2",
    category="mechanics",
    tier=2,
)
