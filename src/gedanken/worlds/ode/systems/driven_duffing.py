"""A damped, stiffening spring shaken periodically."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -alpha*x - beta*x**3 - delta*vx + gamma*cos(omega*t)",
    states=StateSpace.second_order(x="vx"),
    params={
        "alpha": Uniform(0.5, 2.0),
        "beta": Uniform(0.5, 2.0),
        "delta": Uniform(0.1, 0.4),
        "gamma": Uniform(0.5, 2.0),
        "omega": Uniform(0.8, 2.0),
    },
    initial={"x": Signed(Uniform(0.2, 1.5)), "vx": Uniform(-1.0, 1.0)},
    hint="Steel beam bent {x:.2f} cm to one side and shaken by a motor at a fixed rate.",
    names_hint="x is a displacement and vx is its rate of change.",
    duration=20.0,
    samples=200,
    source="J. Guckenheimer and P. Holmes, Nonlinear Oscillations, Dynamical Systems, and Bifurcations of Vector "
    "Fields "
    "(1983), section 2.2, Duffing's equation",
    category="mechanics",
    tier=3,
)
