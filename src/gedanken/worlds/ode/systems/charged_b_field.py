"""A charged particle in the plane across a uniform magnetic field: the force is always sideways."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = (q*B/m)*vy; d2y/dt2 = -(q*B/m)*vx",
    states=StateSpace.second_order(x="vx", y="vy"),
    # The gyration rate q*B/m is drawn, so that every record shows between one and five turns.
    params={"q": Uniform(0.5, 2.0), "m": Uniform(0.5, 2.0), "B": "rate*m/q"},
    initial={"x": Uniform(-1.0, 1.0), "vx": "speed*cos(angle)", "y": Uniform(-1.0, 1.0), "vy": "speed*sin(angle)"},
    scene={"rate": Signed(Uniform(0.5, 3.0)), "speed": Uniform(0.5, 3.0), "angle": Uniform(0.0, 6.283185307179586)},
    hint="Particle of charge {q:.2f} C and mass {m:.2f} kg moving at {speed:.2f} m/s across a uniform magnetic field.",
    names_hint="x and y are positions; vx and vy are their rates of change.",
    conserved={"speed squared": "vx**2 + vy**2", "guiding centre": "vx - (q*B/m)*y"},
    source="J. R. Taylor, Classical Mechanics (2005), section 2.5, motion of a charge in a uniform magnetic field",
    category="mechanics",
    tier=3,
)
