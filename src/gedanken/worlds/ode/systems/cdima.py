"""The chlorine dioxide-iodine-malonic acid reaction, reduced to two substances."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = p - x - 4*x*y/(1 + x**2); dy/dt = q*x*(1 - y/(1 + x**2))",
    states=StateSpace.first_order("x", "y"),
    params={"p": Uniform(8.0, 12.0), "q": Uniform(1.0, 4.0)},
    initial={"x": Uniform(0.5, 4.0), "y": Uniform(1.0, 10.0)},
    hint="Stirred reaction of iodine and malonic acid; two concentrations from {x:.2f} and {y:.2f}.",
    names_hint="x and y are concentrations.",
    samples=200,
    source="I. Lengyel, G. Rabai and I. R. Epstein, Journal of the American Chemical Society 112 (1990) 9104-9110; "
    "S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), section 8.3",
    category="chemistry",
    tier=3,
)
