"""A body falls through air: gravity against a drag that grows with the square of the speed."""

from gedanken.worlds.ode.system import LogUniform, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2y/dt2 = -g + k*vy**2",
    states=StateSpace.second_order(y="vy"),
    params={"g": Uniform(5.0, 15.0), "k": LogUniform(10**-2.3, 10**-0.8)},
    # The square has no sign, so the law holds only on the way down: the start is at rest or falling, up to half of the
    # terminal velocity sqrt(g/k).
    initial={"y": Uniform(20.0, 100.0), "vy": "-share*sqrt(g/k)"},
    scene={"mass": Uniform(0.5, 5.0), "share": Uniform(0.0, 0.5)},
    readable="d2y/dt2 = -g + g*(vy/u)**2",
    scales={"g": "g", "u": "sqrt(g/k)"},
    hint="Object dropped from altitude {y:.1f} m, mass {mass:.1f} kg, in air. Air resistance may be non-negligible.",
    names_hint="y is an altitude and vy is its rate of change.",
    source="J. R. Taylor, Classical Mechanics (2005), section 2.4, quadratic air resistance",
    category="mechanics",
    tier=1,
)
