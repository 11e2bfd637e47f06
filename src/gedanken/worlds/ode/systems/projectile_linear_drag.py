"""A thrown body in a viscous liquid: drag in proportion to the velocity, so that both directions stay apart."""

from gedanken.worlds.ode.system import LogUniform, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -k*vx; d2y/dt2 = -g - k*vy",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"g": Uniform(2.0, 10.0), "k": LogUniform(0.1, 1.0)},
    initial={"x": 0.0, "vx": "speed*cos(angle)", "y": Uniform(0.0, 5.0), "vy": "speed*sin(angle)"},
    scene={"speed": Uniform(5.0, 20.0), "angle": Uniform(0.3, 1.3), "mass": Uniform(0.05, 0.5)},
    readable="d2x/dt2 = -k*vx; d2y/dt2 = -k*(vy + u)",
    scales={"k": "k", "u": "g/k"},
    hint="Bead of mass {mass:.2f} kg shot into a deep tank of oil at {speed:.1f} m/s, {angle:.2f} rad above the "
    "horizontal.",
    names_hint="x and y are horizontal and vertical positions; vx and vy are their rates of change.",
    source="J. R. Taylor, Classical Mechanics (2005), section 2.3, trajectory and range in a linear medium",
    category="mechanics",
    tier=2,
)
