"""Rabbits and sheep eat the same grass."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = x*(r - x - p*y); dy/dt = y*(s - y - q*x)",
    states=StateSpace.first_order("x", "y"),
    params={"r": Uniform(2.0, 3.5), "s": Uniform(1.5, 2.5), "p": Uniform(0.5, 2.0), "q": Uniform(0.5, 1.5)},
    initial={"x": Uniform(0.1, 4.0), "y": Uniform(0.1, 3.0)},
    hint="Rabbits ({x:.2f}) and sheep ({y:.2f}) share a meadow.",
    names_hint="x and y are two populations.",
    duration=8.0,
    source="S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), section 6.4, rabbits versus sheep",
    category="population",
    tier=2,
)
