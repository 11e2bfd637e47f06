"""A star in the potential of a galaxy: two oscillators coupled by a cubic term."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -x - 2*lam*x*y; d2y/dt2 = -y - lam*(x**2 - y**2)",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"lam": Uniform(0.7, 1.2)},
    initial={
        "x": Signed(Uniform(0.1, 0.35)),
        "vx": Signed(Uniform(0.1, 0.3)),
        "y": Signed(Uniform(0.1, 0.35)),
        "vy": Uniform(-0.2, 0.2),
    },
    hint="Star moving about the middle of a galaxy, first seen at ({x:.2f}, {y:.2f}).",
    names_hint="x and y are positions; vx and vy are their rates of change.",
    duration=30.0,
    samples=200,
    limit=1.2,
    conserved={"energy": "vx**2/2 + vy**2/2 + x**2/2 + y**2/2 + lam*(x**2*y - y**3/3)"},
    source="M. Henon and C. Heiles, The applicability of the third integral of motion, Astronomical Journal 69 "
    "(1964) 73-79",
    category="mechanics",
    tier=3,
)
