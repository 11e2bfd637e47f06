"""Two genes that repress each other: a bistable switch."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="du/dt = alpha/(1 + v**2) - u; dv/dt = beta/(1 + u**2) - v",
    states=StateSpace.first_order("u", "v"),
    params={"alpha": Uniform(3.0, 6.0), "beta": Uniform(3.0, 6.0)},
    initial={"u": Uniform(0.0, 4.0), "v": Uniform(0.0, 4.0)},
    hint="Two genes in a bacterium, each of which holds the other down; their products start at {u:.2f} and {v:.2f}.",
    names_hint="u and v are concentrations of two proteins.",
    duration=8.0,
    source="T. S. Gardner, C. R. Cantor and J. J. Collins, Construction of a genetic toggle switch in Escherichia "
    "coli, "
    "Nature 403 (2000) 339-342",
    category="biology",
    tier=3,
)
