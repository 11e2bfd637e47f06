"""Altered law: the scene of `kepler_orbit`, but the pull falls off as the distance to the power 3/2."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -mu*x/(x**2 + y**2)**1.25; d2y/dt2 = -mu*y/(x**2 + y**2)**1.25",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"mu": Uniform(0.5, 3.0)},
    initial={"x": Uniform(0.8, 2.0), "vx": 0.0, "y": 0.0, "vy": "share*sqrt(mu/sqrt(x))"},
    scene={"share": Uniform(0.6, 1.2)},
    hint="Planet seen at ({x:.2f}, {y:.2f}) astronomical units from a star that is much heavier, moving at {vy:.2f} "
    "sideways.",
    names_hint="x and y are positions relative to a fixed centre; vx and vy are their rates of change.",
    duration="10*x/vy",
    samples=150,
    conserved={"energy": "vx**2/2 + vy**2/2 - 2*mu/(x**2 + y**2)**0.25", "angular momentum": "x*vy - y*vx"},
    source="altered from kepler_orbit (H. Goldstein, C. Poole and J. Safko, Classical Mechanics, section 3.7): inverse "
    "square becomes inverse 3/2 power",
    category="altered",
    tier=3,
)
