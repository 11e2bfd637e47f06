"""A particle in a force lattice with friction, symmetric under a cyclic change of axes."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = sin(y) - b*x; dy/dt = sin(z) - b*y; dz/dt = sin(x) - b*z",
    states=StateSpace.first_order("x", "y", "z"),
    params={"b": Uniform(0.1, 0.35)},
    initial={"x": Uniform(-3.0, 3.0), "y": Uniform(-3.0, 3.0), "z": Uniform(-3.0, 3.0)},
    hint="Three cells that drive one another in a ring, starting at {x:.2f}, {y:.2f} and {z:.2f}.",
    names_hint="x, y and z are activities of three cells.",
    duration=25.0,
    samples=200,
    source="R. Thomas, Deterministic chaos seen in terms of feedback circuits, International Journal of Bifurcation "
    "and "
    "Chaos 9 (1999) 1889-1905",
    category="chaos",
    tier=3,
)
