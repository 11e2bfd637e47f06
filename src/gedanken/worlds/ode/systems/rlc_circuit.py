"""A capacitor discharges through a coil and a resistor: a damped electric oscillation."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2q/dt2 = -(R/L)*j - q/(L*C)",
    states=StateSpace.second_order(q="j"),
    params={"R": Uniform(0.1, 1.0), "L": Uniform(0.5, 2.0), "C": Uniform(0.05, 0.5)},
    initial={"q": Signed(Uniform(0.5, 3.0)), "j": 0.0},
    hint="Capacitor charged to {q:.2f} C and switched at time zero across a coil of wire that has some resistance.",
    names_hint="q is a charge and j is the current, its rate of change.",
    source="E. M. Purcell and D. J. Morin, Electricity and Magnetism (3rd ed. 2013), section 8.1, a resonant circuit",
    category="electronics",
    tier=2,
)
