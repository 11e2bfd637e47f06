"""Predators that can be sated: prey with a capacity, a saturating hunt, lasting cycles."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = r*x*(1 - x/K) - c*x*y/(h + x); dy/dt = b*x*y/(h + x) - m*y",
    states=StateSpace.first_order("x", "y"),
    params={
        "r": Uniform(0.8, 1.5),
        "K": Uniform(3.0, 6.0),
        "c": Uniform(0.8, 1.5),
        "h": Uniform(0.7, 1.2),
        "b": Uniform(0.8, 1.5),
        "m": Uniform(0.3, 0.5),
    },
    initial={"x": Uniform(0.5, 3.0), "y": Uniform(0.3, 2.0)},
    hint="Algae ({x:.2f}) and the water fleas ({y:.2f}) that graze on them, in a tank.",
    names_hint="x and y are two populations.",
    duration=30.0,
    samples=150,
    source="M. L. Rosenzweig and R. H. MacArthur, Graphical representation and stability conditions of predator-prey "
    "interactions, American Naturalist 97 (1963) 209-223",
    category="population",
    tier=3,
)
