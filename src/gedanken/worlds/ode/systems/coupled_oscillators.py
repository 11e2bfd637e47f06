"""Two equal masses, each on its spring, joined by a weaker one: the motion wanders from one to the other."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -k*x - c*(x - y); d2y/dt2 = -k*y - c*(y - x)",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"k": Uniform(1.0, 6.0), "c": Uniform(0.2, 1.5)},
    initial={
        "x": Signed(Uniform(0.5, 2.0)),
        "vx": Uniform(-0.5, 0.5),
        "y": Uniform(-0.5, 0.5),
        "vy": Uniform(-0.5, 0.5),
    },
    hint="Two carts joined by springs; the first is released {x:.2f} m and the second {y:.2f} m from rest position.",
    names_hint="x and y are displacements; vx and vy are their rates of change.",
    duration=15.0,
    samples=150,
    conserved={"energy": "vx**2/2 + vy**2/2 + k*(x**2 + y**2)/2 + c*(x - y)**2/2"},
    source="L. D. Landau and E. M. Lifshitz, Mechanics (3rd ed. 1976), section 23, oscillations with several degrees "
    "of "
    "freedom",
    category="mechanics",
    tier=2,
)
