"""A thrown body with quadratic air drag: the drag couples both directions through the speed."""

from gedanken.worlds.ode.system import LogUniform, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -k*sqrt(vx**2 + vy**2)*vx; d2y/dt2 = -g - k*sqrt(vx**2 + vy**2)*vy",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"g": Uniform(5.0, 15.0), "k": LogUniform(10**-2.3, 10**-1.0)},
    initial={"x": 0.0, "vx": "speed*cos(angle)", "y": Uniform(0.0, 20.0), "vy": "speed*sin(angle)"},
    scene={"speed": Uniform(10.0, 40.0), "angle": Uniform(0.5, 1.3), "mass": Uniform(0.5, 5.0)},
    hint="Ball of mass {mass:.1f} kg thrown from height {y:.1f} m at {speed:.1f} m/s, {angle:.2f} rad above the "
    "horizontal, in air.",
    names_hint="x and y are horizontal and vertical positions; vx and vy are their rates of change.",
    source="J. R. Taylor, Classical Mechanics (2005), section 2.4, trajectories with quadratic drag",
    category="mechanics",
    tier=3,
)
