"""Two particles between walls, held by springs whose force grows exponentially when squeezed."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = k*exp(-x) - k*exp(x - y); d2y/dt2 = k*exp(x - y) - k*exp(y)",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"k": Uniform(0.5, 2.0)},
    initial={
        "x": Signed(Uniform(0.3, 1.5)),
        "vx": Uniform(-1.0, 1.0),
        "y": Uniform(-1.0, 1.0),
        "vy": Uniform(-1.0, 1.0),
    },
    hint="Two beads on a rod between walls with stiffening cushions between them, displaced by {x:.2f} and {y:.2f} cm.",
    names_hint="x and y are displacements; vx and vy are their rates of change.",
    duration=15.0,
    samples=150,
    conserved={"energy": "vx**2/2 + vy**2/2 + k*exp(-x) + k*exp(x - y) + k*exp(y)"},
    source="M. Toda, Vibration of a chain with nonlinear interaction, Journal of the Physical Society of Japan 22 "
    "(1967) "
    "431-436",
    category="mechanics",
    tier=3,
)
