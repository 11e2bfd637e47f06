"""A ball thrown in a carriage that speeds up: seen from inside, a second constant force pushes it to the back."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -a; d2y/dt2 = -g",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"a": Uniform(0.5, 6.0), "g": Uniform(3.0, 15.0)},
    initial={"x": 0.0, "vx": Uniform(-2.0, 8.0), "y": Uniform(0.5, 3.0), "vy": Uniform(2.0, 12.0)},
    scene={"mass": Uniform(0.1, 1.0)},
    hint="Ball of mass {mass:.2f} kg thrown from height {y:.1f} m in a long carriage that speeds up steadily; x points "
    "to its front.",
    names_hint="x and y are horizontal and vertical positions; vx and vy are their rates of change.",
    conserved={"energy": "(vx**2 + vy**2)/2 + a*x + g*y"},
    source="L. D. Landau and E. M. Lifshitz, Mechanics (3rd ed. 1976), section 39, motion in a non-inertial frame",
    category="mechanics",
    tier=1,
)
