"""A planet about a fixed sun: the inverse-square law in the plane."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -mu*x/(x**2 + y**2)**1.5; d2y/dt2 = -mu*y/(x**2 + y**2)**1.5",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"mu": Uniform(0.5, 3.0)},
    # Started at aphelion of an ellipse with the drawn semi-major axis and eccentricity; the record shows 1.5 orbits.
    initial={"x": "axis*(1 + ecc)", "vx": 0.0, "y": 0.0, "vy": "sqrt(mu*(1 - ecc)/(axis*(1 + ecc)))"},
    scene={"axis": Uniform(0.7, 1.5), "ecc": Uniform(0.1, 0.6)},
    hint="Planet seen at ({x:.2f}, {y:.2f}) astronomical units from a star that is much heavier, moving at {vy:.2f} "
    "sideways.",
    names_hint="x and y are positions relative to a fixed centre; vx and vy are their rates of change.",
    duration="9.42*sqrt(axis**3/mu)",
    samples=150,
    conserved={"energy": "vx**2/2 + vy**2/2 - mu/sqrt(x**2 + y**2)", "angular momentum": "x*vy - y*vx"},
    source="H. Goldstein, C. Poole and J. Safko, Classical Mechanics (3rd ed. 2002), section 3.7, the Kepler problem",
    category="mechanics",
    tier=3,
)
