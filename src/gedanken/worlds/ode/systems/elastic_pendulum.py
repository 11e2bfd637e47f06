"""A bob on a spring that both swings and bounces."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2r/dt2 = r*dtheta**2 + g*cos(theta) - (k/m)*(r - L); d2theta/dt2 = -(2*dr*dtheta + g*sin(theta))/r",
    states=StateSpace.second_order(r="dr", theta="dtheta"),
    params={"g": 9.81, "k": Uniform(20.0, 60.0), "m": Uniform(0.5, 1.5), "L": Uniform(0.8, 1.5)},
    initial={"r": "L + m*g/k + stretch", "dr": 0.0, "theta": Signed(Uniform(0.3, 1.0)), "dtheta": Uniform(-0.3, 0.3)},
    scene={"stretch": Uniform(-0.1, 0.3)},
    hint="Bob of {m:.2f} kg on a springy cord, pulled {theta:.2f} rad aside and let go.",
    names_hint="r is the length of a cord, theta its angle from the vertical; dr and dtheta are their rates of change.",
    samples=200,
    conserved={"energy": "m*(dr**2 + r**2*dtheta**2)/2 - m*g*r*cos(theta) + k*(r - L)**2/2"},
    source="A. Vitt and G. Gorelik, Oscillations of an elastic pendulum as an example of the oscillations of two "
    "parametrically coupled linear systems, Journal of Technical Physics (USSR) 3 (1933) 294-307",
    category="mechanics",
    tier=3,
)
