"""A long pendulum on a turning Earth: small swings whose plane rotates."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -w*x + 2*spin*vy; d2y/dt2 = -w*y - 2*spin*vx",
    states=StateSpace.second_order(x="vx", y="vy"),
    params={"w": Uniform(1.0, 5.0), "spin": Signed(Uniform(0.05, 0.3))},
    initial={"x": Signed(Uniform(0.5, 2.0)), "vx": 0.0, "y": Uniform(-0.5, 0.5), "vy": 0.0},
    hint="Heavy bob on a long wire above a turntable, let go at ({x:.2f}, {y:.2f}) m; seen from the turntable.",
    names_hint="x and y are horizontal positions; vx and vy are their rates of change.",
    duration=20.0,
    samples=200,
    conserved={
        "energy": "vx**2/2 + vy**2/2 + w*(x**2 + y**2)/2",
        "angular momentum": "x*vy - y*vx + spin*(x**2 + y**2)",
    },
    source="J. R. Taylor, Classical Mechanics (2005), section 9.9, the Foucault pendulum",
    category="mechanics",
    tier=3,
)
