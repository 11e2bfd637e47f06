"""A gene that promotes itself: low signal off, high signal on."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dg/dt = s - r*g + g**2/(1 + g**2)",
    states=StateSpace.first_order("g"),
    params={"s": Uniform(0.0, 0.1), "r": Uniform(0.35, 0.6)},
    initial={"g": Uniform(0.0, 3.0)},
    hint="Product of a gene that switches itself on, {g:.2f} units at the start.",
    names_hint="g is a concentration.",
    duration=20.0,
    samples=80,
    source="S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), exercise 3.7.5, a biochemical switch",
    category="biology",
    tier=2,
)
