"""A chemical-like flow that folds once a turn: the simplest chaotic band."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = -y - z; dy/dt = x + alpha*y; dz/dt = beta + z*(x - gamma)",
    states=StateSpace.first_order("x", "y", "z"),
    params={"alpha": Uniform(0.1, 0.25), "beta": Uniform(0.1, 0.3), "gamma": Uniform(4.0, 6.0)},
    initial={"x": Uniform(-5.0, 5.0), "y": Uniform(-5.0, 5.0), "z": Uniform(0.0, 1.0)},
    hint="Three reacting concentrations relative to a mean, starting from ({x:.1f}, {y:.1f}, {z:.1f}).",
    names_hint="x, y and z are concentrations relative to a mean.",
    duration=25.0,
    samples=250,
    limit=60.0,
    source="O. E. Rossler, An equation for continuous chaos, Physics Letters A 57 (1976) 397-398",
    category="chaos",
    tier=3,
)
