"""A population that fills its habitat."""

from gedanken.worlds.ode.system import Choice, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dn/dt = r*n*(1 - n/K)",
    states=StateSpace.first_order("n"),
    params={"r": Uniform(0.5, 1.5), "K": Uniform(20.0, 100.0)},
    initial={"n": "share*K"},
    scene={"share": Choice((0.02, 0.05, 0.1, 0.2, 1.6, 2.5))},
    hint="Yeast in a flask, {n:.1f} units at the start.",
    names_hint="n is a population.",
    duration="8/r",
    samples=80,
    source="P.-F. Verhulst, Correspondance mathematique et physique 10 (1838) 113-121; S. H. Strogatz, Nonlinear "
    "Dynamics "
    "and Chaos (2nd ed. 2015), section 2.3",
    category="population",
    tier=1,
)
