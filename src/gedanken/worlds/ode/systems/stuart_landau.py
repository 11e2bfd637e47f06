"""Flow just past the onset of an oscillation: a spiral that settles on a circle."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = mu*x - omega*y - x*(x**2 + y**2); dy/dt = omega*x + mu*y - y*(x**2 + y**2)",
    states=StateSpace.first_order("x", "y"),
    params={"mu": Uniform(0.2, 1.0), "omega": Signed(Uniform(0.8, 3.0))},
    initial={"x": Signed(Uniform(0.05, 1.8)), "y": Uniform(-0.5, 0.5)},
    hint="Wake behind a cylinder just as it begins to oscillate; two amplitudes, starting at ({x:.2f}, {y:.2f}).",
    names_hint="x and y are two amplitudes.",
    duration=12.0,
    samples=150,
    source="J. T. Stuart, On the non-linear mechanics of wave disturbances in stable and unstable parallel flows, "
    "part 1, "
    "Journal of Fluid Mechanics 9 (1960) 353-370",
    category="thermal and fluid",
    tier=2,
)
