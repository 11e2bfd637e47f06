"""A body falls without air: constant acceleration on a planet of unknown gravity."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2y/dt2 = -g",
    states=StateSpace.second_order(y="vy"),
    params={"g": Uniform(3.0, 15.0)},
    initial={"y": Uniform(20.0, 100.0), "vy": Uniform(-5.0, 15.0)},
    scene={"mass": Uniform(0.5, 5.0)},
    hint="Object of mass {mass:.1f} kg released at altitude {y:.1f} m with vertical velocity {vy:.1f} m/s on an "
    "airless planet.",
    names_hint="y is an altitude and vy is its rate of change.",
    conserved={"energy": "vy**2/2 + g*y"},
    source="G. Galilei, Discorsi e dimostrazioni matematiche intorno a due nuove scienze (1638), third day",
    category="mechanics",
    tier=1,
)
