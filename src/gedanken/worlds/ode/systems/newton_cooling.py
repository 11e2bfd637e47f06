"""A warm body loses heat in proportion to its excess over the surroundings."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="du/dt = -k*(u - ambient)",
    states=StateSpace.first_order("u"),
    params={"k": Uniform(0.03, 0.2), "ambient": Uniform(5.0, 30.0)},
    initial={"u": Uniform(60.0, 95.0)},
    hint="Cup of coffee at {u:.1f} degrees left on a table; time in minutes.",
    names_hint="u is a temperature.",
    duration=40.0,
    samples=80,
    source="I. Newton, Scala graduum caloris, Philosophical Transactions 22 (1701) 824-829",
    category="thermal and fluid",
    tier=1,
)
