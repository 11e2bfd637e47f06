"""A gene is shut off by the end product of its own pathway."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = k/(1 + z**8) - b*x; dy/dt = x - b*y; dz/dt = y - b*z",
    states=StateSpace.first_order("x", "y", "z"),
    params={"k": Uniform(0.8, 2.0), "b": Uniform(0.4, 0.7)},
    initial={"x": Uniform(0.1, 1.5), "y": Uniform(0.1, 1.5), "z": Uniform(0.1, 1.5)},
    hint="Message, enzyme and product of one gene, at {x:.2f}, {y:.2f} and {z:.2f}; the product shuts the gene off.",
    names_hint="x, y and z are concentrations.",
    duration=30.0,
    samples=150,
    source="B. C. Goodwin, Oscillatory behavior in enzymatic control processes, Advances in Enzyme Regulation 3 (1965) "
    "425-438",
    category="biology",
    tier=3,
)
