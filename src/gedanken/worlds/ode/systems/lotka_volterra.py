"""Predator and prey chase one another in closed cycles."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = alpha*x - beta*x*y; dy/dt = delta*x*y - gamma*y",
    states=StateSpace.first_order("x", "y"),
    params={
        "alpha": Uniform(0.6, 1.5),
        "beta": Uniform(0.3, 1.0),
        "delta": Uniform(0.2, 0.8),
        "gamma": Uniform(0.5, 1.5),
    },
    initial={"x": Uniform(0.5, 5.0), "y": Uniform(0.5, 3.0)},
    hint="Hares ({x:.2f} thousand) and lynxes ({y:.2f} thousand) in one forest; time in years.",
    names_hint="x and y are two populations.",
    duration=15.0,
    samples=150,
    conserved={"cycle": "delta*x - gamma*log(x) + beta*y - alpha*log(y)"},
    source="A. J. Lotka, Elements of Physical Biology (1925); V. Volterra, Nature 118 (1926) 558-560",
    category="population",
    tier=2,
)
