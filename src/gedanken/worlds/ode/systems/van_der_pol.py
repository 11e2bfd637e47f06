"""The triode oscillator: damping that feeds small swings and brakes large ones."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = mu*(1 - x**2)*vx - w*x",
    states=StateSpace.second_order(x="vx"),
    params={"mu": Uniform(0.3, 3.0), "w": Uniform(0.5, 3.0)},
    initial={"x": Signed(Uniform(0.2, 3.0)), "vx": Uniform(-2.0, 2.0)},
    hint="Voltage in a triode circuit, started at {x:.2f}; it settles into a steady rhythm.",
    names_hint="x is a voltage and vx is its rate of change.",
    duration=20.0,
    samples=200,
    source="B. van der Pol, On relaxation-oscillations, Philosophical Magazine 2 (1926) 978-992",
    category="electronics",
    tier=2,
)
