"""A population without limits."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dn/dt = r*n",
    states=StateSpace.first_order("n"),
    params={"r": Signed(Uniform(0.1, 0.5))},
    initial={"n": Uniform(1.0, 50.0)},
    hint="Colony of {n:.1f} thousand cells in a fresh dish; time in hours.",
    names_hint="n is a population.",
    samples=60,
    source="T. R. Malthus, An Essay on the Principle of Population (1798)",
    category="population",
    tier=1,
)
