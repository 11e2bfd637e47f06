"""The simplest two-variable chemistry with a limit cycle."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = p - x + x**2*y; dy/dt = q - x**2*y",
    states=StateSpace.first_order("x", "y"),
    params={"p": Uniform(0.05, 0.2), "q": Uniform(0.4, 0.9)},
    initial={"x": Uniform(0.2, 2.0), "y": Uniform(0.3, 2.0)},
    hint="Two reacting substances fed from outside, at {x:.2f} and {y:.2f} in the beginning.",
    names_hint="x and y are concentrations.",
    duration=20.0,
    samples=150,
    source="J. Schnakenberg, Simple chemical reaction systems with limit cycle behaviour, Journal of Theoretical "
    "Biology 81 "
    "(1979) 389-400",
    category="chemistry",
    tier=2,
)
