"""An insect outbreak: logistic growth against birds that notice the insects only when there are many."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dn/dt = r*n*(1 - n/K) - p*n**2/(h**2 + n**2)",
    states=StateSpace.first_order("n"),
    params={"r": Uniform(0.3, 0.7), "K": Uniform(8.0, 15.0), "p": Uniform(0.5, 1.5), "h": Uniform(0.8, 1.5)},
    initial={"n": Uniform(2.0, 20.0)},
    hint="Budworms in a forest, {n:.2f} per branch at the start, and birds that feed on them.",
    names_hint="n is a population.",
    duration=20.0,
    source="D. Ludwig, D. D. Jones and C. S. Holling, Journal of Animal Ecology 47 (1978) 315-332; S. H. Strogatz, "
    "Nonlinear Dynamics and Chaos (2nd ed. 2015), section 3.7",
    category="population",
    tier=3,
)
