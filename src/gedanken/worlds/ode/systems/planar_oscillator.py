"""A body between springs of two directions, each with its own frequency: its path is a Lissajous figure."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -(k/m)*x; d2y/dt2 = -(c/m)*y",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"k": Uniform(1.0, 10.0), "c": Uniform(1.0, 10.0), "m": Uniform(0.5, 2.0)},
    initial={
        "x": Signed(Uniform(0.5, 2.0)),
        "vx": Uniform(-1.0, 1.0),
        "y": Signed(Uniform(0.5, 2.0)),
        "vy": Uniform(-1.0, 1.0),
    },
    readable="d2x/dt2 = -w**2*x; d2y/dt2 = -u**2*y",
    scales={"w": "sqrt(k/m)", "u": "sqrt(c/m)"},
    hint="Puck of mass {m:.2f} kg on an air table between springs along x and y, released {x:.2f} m and {y:.2f} m from "
    "its place of rest.",
    names_hint="x and y are displacements; vx and vy are their rates of change.",
    conserved={"energy along x": "m*vx**2/2 + k*x**2/2", "energy along y": "m*vy**2/2 + c*y**2/2"},
    source="L. D. Landau and E. M. Lifshitz, Mechanics (3rd ed. 1976), section 23, oscillations with several degrees "
    "of freedom",
    category="mechanics",
    tier=2,
)
