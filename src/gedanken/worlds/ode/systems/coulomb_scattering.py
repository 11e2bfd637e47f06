"""A charged particle passes a heavy one of like charge: repulsion by the inverse square of the distance."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = kappa*x/(x**2 + y**2)**1.5; d2y/dt2 = kappa*y/(x**2 + y**2)**1.5",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"kappa": Uniform(0.5, 3.0)},
    initial={"x": Uniform(-6.0, -4.0), "vx": Uniform(0.9, 1.6), "y": Signed(Uniform(0.3, 1.5)), "vy": 0.0},
    hint="Alpha particle fired at {vx:.2f} towards a heavy nucleus, off centre by {y:.2f}.",
    names_hint="x and y are positions relative to a fixed centre; vx and vy are their rates of change.",
    conserved={"energy": "vx**2/2 + vy**2/2 + kappa/sqrt(x**2 + y**2)", "angular momentum": "x*vy - y*vx"},
    source="E. Rutherford, Philosophical Magazine 21 (1911) 669-688; H. Goldstein, C. Poole and J. Safko, Classical "
    "Mechanics (3rd ed. 2002), section 3.10",
    category="mechanics",
    tier=3,
)
