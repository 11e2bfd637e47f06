"""An epidemic: the susceptible catch a disease from the infected, who recover for good."""

from gedanken.worlds.ode.system import LogUniform, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="ds/dt = -beta*s*i; di/dt = beta*s*i - gamma*i; dr/dt = gamma*i",
    states=StateSpace.first_order("s", "i", "r"),
    params={"beta": Uniform(0.6, 2.0), "gamma": Uniform(0.1, 0.4)},
    initial={"s": "1 - i0", "i": "i0", "r": 0.0},
    scene={"i0": LogUniform(0.005, 0.1)},
    hint="Outbreak in a town: a share of {i:.3f} has the disease on day zero.",
    names_hint="s, i and r are shares of a population: not yet ill, ill, and no longer ill.",
    duration=20.0,
    conserved={"population": "s + i + r"},
    source="W. O. Kermack and A. G. McKendrick, A contribution to the mathematical theory of epidemics, Proceedings "
    "of the "
    "Royal Society A 115 (1927) 700-721",
    category="epidemics",
    tier=2,
)
