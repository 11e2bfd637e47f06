"""A population that dies out when it is too sparse and is limited when it is dense."""

from gedanken.worlds.ode.system import Choice, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dn/dt = r*n*(1 - n/K)*(n/A - 1)",
    states=StateSpace.first_order("n"),
    params={"r": Uniform(0.3, 1.0), "K": Uniform(6.0, 12.0), "A": Uniform(1.5, 3.0)},
    initial={"n": "share*A"},
    scene={"share": Choice((0.6, 0.8, 0.9, 1.1, 1.2, 1.4))},
    hint="Herd of {n:.2f} hundred animals that find mates only when there are enough of them.",
    names_hint="n is a population.",
    duration="6/r",
    samples=80,
    source="W. C. Allee, Animal Aggregations (1931); S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), "
    "exercise 2.3.4",
    category="population",
    tier=2,
)
