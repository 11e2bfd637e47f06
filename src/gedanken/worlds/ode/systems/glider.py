"""A paper glider: lift and weight trade height for speed, drag slows it down (Lanchester's phugoid)."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dv/dt = -sin(theta) - D*v**2; dtheta/dt = v - cos(theta)/v",
    states=StateSpace.first_order("v", "theta"),
    params={"D": Uniform(0.02, 0.2)},
    initial={"v": Uniform(1.0, 2.5), "theta": Uniform(-0.5, 0.5)},
    hint="Paper glider launched at {v:.2f} times its cruising speed, nose at {theta:.2f} rad to the horizon.",
    names_hint="v is a speed and theta the angle of the path to the horizontal.",
    samples=150,
    source="F. W. Lanchester, Aerodonetics (1908); S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), "
    "exercise 6.5.14",
    category="mechanics",
    tier=3,
)
