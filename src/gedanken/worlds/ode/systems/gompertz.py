"""A tumour whose growth rate falls with the logarithm of its size."""

from gedanken.worlds.ode.system import LogUniform, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dn/dt = -r*n*log(n/K)",
    states=StateSpace.first_order("n"),
    params={"r": Uniform(0.1, 0.5), "K": Uniform(20.0, 100.0)},
    initial={"n": "share*K"},
    scene={"share": LogUniform(0.01, 0.2)},
    hint="Tumour of {n:.2f} cubic millimetres followed for some weeks.",
    names_hint="n is a size.",
    duration="6/r",
    samples=80,
    source="B. Gompertz, Philosophical Transactions 115 (1825) 513-583; S. H. Strogatz, Nonlinear Dynamics and Chaos "
    "(2nd ed. 2015), exercise 2.3.3",
    category="population",
    tier=1,
)
