"""Bacteria in a vessel with a steady inflow of food and outflow of everything."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="ds/dt = D*(feed - s) - mu*s*x/(K + s); dx/dt = mu*s*x/(K + s) - D*x",
    states=StateSpace.first_order("s", "x"),
    params={"D": Uniform(0.15, 0.4), "feed": Uniform(3.0, 6.0), "mu": Uniform(0.8, 1.5), "K": Uniform(0.5, 2.0)},
    initial={"s": Uniform(2.0, 6.0), "x": Uniform(0.05, 0.5)},
    hint="Fermenter with a steady flow through it: {s:.2f} grams of food and {x:.2f} grams of bacteria per litre at "
    "the start.",
    names_hint="s and x are concentrations of food and bacteria.",
    duration=20.0,
    source="J. Monod, La technique de culture continue, Annales de l'Institut Pasteur 79 (1950) 390-410; H. L. Smith "
    "and "
    "P. Waltman, The Theory of the Chemostat (1995), chapter 1",
    category="biology",
    tier=3,
)
