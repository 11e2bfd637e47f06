"""A capacitor charges through a resistor."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dq/dt = (V - q/C)/R",
    states=StateSpace.first_order("q"),
    params={"V": Uniform(2.0, 12.0), "R": Uniform(0.5, 3.0), "C": Uniform(0.5, 2.0)},
    initial={"q": Uniform(0.0, 2.0)},
    hint="Capacitor with a charge of {q:.2f} C connected to a battery of {V:.1f} volts through a resistor.",
    names_hint="q is a charge.",
    duration="4*R*C",
    samples=80,
    source="S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), example 2.2.2",
    category="electronics",
    tier=1,
)
