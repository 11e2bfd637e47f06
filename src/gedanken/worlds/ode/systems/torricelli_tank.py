"""A tank drains through a hole in its floor: the jet is as fast as a body fallen from the surface."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dh/dt = -c*sqrt(h)",
    states=StateSpace.first_order("h"),
    params={"c": Uniform(0.05, 0.4)},
    initial={"h": Uniform(0.5, 4.0)},
    hint="Bucket filled to {h:.2f} m with a hole in the bottom.",
    names_hint="h is a height.",
    # The bucket is empty at 2*sqrt(h)/c, where the law ends; the record stops at 90 % of that.
    duration="1.8*sqrt(h)/c",
    samples=80,
    source="E. Torricelli, Opera geometrica (1644); S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), "
    "exercise 2.5.6",
    category="thermal and fluid",
    tier=1,
)
