"""Yeast breaks down sugar in pulses."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = -x + p*y + x**2*y; dy/dt = q - p*y - x**2*y",
    states=StateSpace.first_order("x", "y"),
    params={"p": Uniform(0.05, 0.12), "q": Uniform(0.4, 0.8)},
    initial={"x": Uniform(0.2, 2.0), "y": Uniform(0.3, 2.5)},
    hint="Extract of yeast fed with sugar: two intermediate products from {x:.2f} and {y:.2f}.",
    names_hint="x and y are concentrations.",
    duration=25.0,
    samples=200,
    source="E. E. Sel'kov, Self-oscillations in glycolysis, European Journal of Biochemistry 4 (1968) 79-86; S. H. "
    "Strogatz, "
    "Nonlinear Dynamics and Chaos (2nd ed. 2015), example 7.3.2",
    category="chemistry",
    tier=2,
)
