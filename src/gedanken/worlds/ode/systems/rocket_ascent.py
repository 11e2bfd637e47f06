"""A rocket burns fuel at a constant rate: its acceleration grows as its mass shrinks."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dv/dt = u*r/(m - r*t) - g",
    states=StateSpace.first_order("v"),
    params={"u": Uniform(1500.0, 3000.0), "m": Uniform(1000.0, 5000.0), "r": "burnt*m/120", "g": 9.81},
    initial={"v": Uniform(0.0, 50.0)},
    scene={"burnt": Uniform(0.6, 0.85)},
    hint="Rocket with {m:.0f} kg at lift-off climbs straight up and burns its fuel at an even rate.",
    names_hint="v is an upward velocity.",
    duration=120.0,
    source="K. E. Tsiolkovsky (1903); J. R. Taylor, Classical Mechanics (2005), section 3.2, rockets",
    category="mechanics",
    tier=3,
)
