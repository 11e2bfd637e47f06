"""A child pumps a swing: the stiffness itself is modulated in time (Mathieu's equation)."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -w*(1 + h*cos(gamma*t))*x",
    states=StateSpace.second_order(x="vx"),
    params={"w": Uniform(1.0, 4.0), "h": Uniform(0.2, 0.6), "gamma": Uniform(0.8, 2.5)},
    initial={"x": Signed(Uniform(0.5, 1.5)), "vx": Uniform(-1.0, 1.0)},
    hint="Spring of changing stiffness, released {x:.2f} cm from equilibrium; a motor tightens and loosens it "
    "regularly.",
    names_hint="x is a displacement and vx is its rate of change.",
    duration=15.0,
    samples=150,
    limit=100.0,
    source="E. Mathieu, Journal de mathematiques pures et appliquees 13 (1868) 137-203; L. D. Landau and E. M. "
    "Lifshitz, "
    "Mechanics (3rd ed. 1976), section 27, parametric resonance",
    category="mechanics",
    tier=3,
)
