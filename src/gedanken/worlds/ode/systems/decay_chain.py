"""A radioactive parent feeds a daughter that decays in turn."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = -k*x; dy/dt = k*x - m*y",
    states=StateSpace.first_order("x", "y"),
    params={"k": Uniform(0.3, 1.2), "m": Uniform(0.1, 0.8)},
    initial={"x": Uniform(2.0, 10.0), "y": Uniform(0.0, 2.0)},
    hint="Sample with {x:.2f} grams of a radioactive substance and {y:.2f} grams of the substance it turns into.",
    names_hint="x and y are amounts of two substances.",
    samples=80,
    source="H. Bateman, Solution of a system of differential equations occurring in the theory of radioactive "
    "transformations, Proceedings of the Cambridge Philosophical Society 15 (1910) 423-427",
    category="chemistry",
    tier=1,
)
