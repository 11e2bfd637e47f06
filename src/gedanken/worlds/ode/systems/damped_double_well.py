"""A particle between two valleys with friction: it ends in one of them."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = x - x**3 - delta*vx",
    states=StateSpace.second_order(x="vx"),
    params={"delta": Uniform(0.05, 0.4)},
    initial={"x": Signed(Uniform(0.3, 2.0)), "vx": Uniform(-2.0, 2.0)},
    hint="Magnetised beam between two magnets, let go {x:.2f} cm from the middle; it ends beside one of them.",
    names_hint="x is a position and vx is its rate of change.",
    duration=15.0,
    samples=150,
    source="F. C. Moon and P. J. Holmes, A magnetoelastic strange attractor, Journal of Sound and Vibration 65 (1979) "
    "275-296",
    category="mechanics",
    tier=2,
)
