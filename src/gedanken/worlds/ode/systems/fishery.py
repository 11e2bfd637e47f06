"""A fish stock under fishing that saturates when fish are plenty."""

from gedanken.worlds.ode.system import Choice, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dn/dt = r*n*(1 - n/K) - H*n/(A + n)",
    states=StateSpace.first_order("n"),
    params={"r": Uniform(0.4, 1.0), "K": Uniform(50.0, 100.0), "H": Uniform(4.0, 12.0), "A": Uniform(5.0, 15.0)},
    initial={"n": "share*K"},
    scene={"share": Choice((0.1, 0.25, 1.3, 2.0))},
    hint="Lake with {n:.1f} tons of fish, fished by a fleet of constant size.",
    names_hint="n is a fish stock.",
    source="S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), exercise 3.7.4",
    category="population",
    tier=2,
)
