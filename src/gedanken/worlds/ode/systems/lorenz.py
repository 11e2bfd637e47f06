"""Convection reduced to three numbers: the first strange attractor."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = sigma*(y - x); dy/dt = x*(rho - z) - y; dz/dt = x*y - beta*z",
    states=StateSpace.first_order("x", "y", "z"),
    params={"sigma": Uniform(8.0, 12.0), "rho": Uniform(20.0, 35.0), "beta": Uniform(2.0, 3.0)},
    initial={"x": Uniform(-10.0, 10.0), "y": Uniform(-10.0, 10.0), "z": Uniform(10.0, 30.0)},
    hint="Rolls of warm fluid in a layer heated from below; turning rate and two temperature contrasts from "
    "({x:.1f}, {y:.1f}, {z:.1f}).",
    names_hint="x, y and z are amplitudes of a flow.",
    # A few turns: long enough to show the law, short enough that the exact law still predicts the record.
    duration=4.0,
    samples=200,
    source="E. N. Lorenz, Deterministic nonperiodic flow, Journal of the Atmospheric Sciences 20 (1963) 130-141",
    category="chaos",
    tier=3,
)
