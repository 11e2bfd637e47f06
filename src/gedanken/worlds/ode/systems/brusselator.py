"""A chemical clock with a trimolecular step."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = A - (B + 1)*x + x**2*y; dy/dt = B*x - x**2*y",
    states=StateSpace.first_order("x", "y"),
    params={"A": Uniform(0.8, 1.3), "B": Uniform(2.2, 3.2)},
    initial={"x": Uniform(0.3, 2.0), "y": Uniform(0.5, 3.0)},
    hint="Stirred flask that changes colour again and again; two concentrations from {x:.2f} and {y:.2f}.",
    names_hint="x and y are concentrations.",
    duration=20.0,
    samples=200,
    source="I. Prigogine and R. Lefever, Symmetry breaking instabilities in dissipative systems II, Journal of "
    "Chemical "
    "Physics 48 (1968) 1695-1700",
    category="chemistry",
    tier=2,
)
