"""A spring in water: the damping grows with the square of the speed and opposes it."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -(k/m)*x - c*abs(vx)*vx",
    states=StateSpace.second_order(x="vx"),
    params={"k": Uniform(2.0, 15.0), "m": Uniform(0.5, 3.0), "c": Uniform(0.1, 0.8)},
    initial={"x": Signed(Uniform(0.8, 2.5)), "vx": Uniform(-1.0, 1.0)},
    hint="Mass of {m:.2f} kg on a spring, released {x:.2f} m from equilibrium under water.",
    names_hint="x is a position and vx is its rate of change.",
    source="A. H. Nayfeh and D. T. Mook, Nonlinear Oscillations (1979), chapter 3",
    category="mechanics",
    tier=2,
)
