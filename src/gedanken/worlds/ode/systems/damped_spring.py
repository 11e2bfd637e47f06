"""A mass on a spring with viscous damping."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -(k/m)*x - (b/m)*vx",
    states=StateSpace.second_order(x="vx"),
    params={"k": Uniform(1.0, 20.0), "m": Uniform(0.5, 3.0), "b": Uniform(0.1, 1.0)},
    initial={"x": Signed(Uniform(0.5, 2.0)), "vx": Uniform(-1.0, 1.0)},
    readable="d2x/dt2 = -w**2*x - 2*c*vx",
    scales={"w": "sqrt(k/m)", "c": "b/(2*m)"},
    hint="Mass of {m:.2f} kg on a spring, released {x:.2f} m from equilibrium, with a damper beside the spring.",
    names_hint="x is a position and vx is its rate of change.",
    source="L. D. Landau and E. M. Lifshitz, Mechanics (3rd ed. 1976), section 25, damped oscillations",
    category="mechanics",
    tier=2,
)
