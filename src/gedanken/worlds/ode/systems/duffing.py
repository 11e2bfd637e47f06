"""A spring that stiffens as it is stretched, with viscous damping."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -alpha*x - beta*x**3 - delta*vx",
    states=StateSpace.second_order(x="vx"),
    params={"alpha": Uniform(0.5, 3.0), "beta": Uniform(0.5, 4.0), "delta": Uniform(0.05, 0.4)},
    initial={"x": Signed(Uniform(1.0, 2.5)), "vx": Uniform(-1.0, 1.0)},
    hint="Steel beam bent {x:.2f} cm to one side and let go; it rings and slowly comes to rest.",
    names_hint="x is a displacement and vx is its rate of change.",
    samples=150,
    source="J. Guckenheimer and P. Holmes, Nonlinear Oscillations, Dynamical Systems, and Bifurcations of Vector "
    "Fields "
    "(1983), section 2.2, Duffing's equation",
    category="mechanics",
    tier=2,
)
