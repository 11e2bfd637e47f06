"""A bead on a hoop that spins about its vertical diameter: fast spinning lifts the bead."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2phi/dt2 = omega**2*sin(phi)*cos(phi) - (g/r)*sin(phi)",
    states=StateSpace.second_order(phi="dphi"),
    params={"g": 9.81, "r": Uniform(0.5, 2.0), "omega": Uniform(1.0, 6.0)},
    initial={"phi": Signed(Uniform(0.3, 1.5)), "dphi": Uniform(-1.0, 1.0)},
    hint="Bead on a smooth hoop of radius {r:.2f} m that spins about a vertical diameter, released {phi:.2f} rad "
    "from the bottom.",
    names_hint="phi is an angle and dphi is its rate of change.",
    samples=150,
    conserved={"energy in the rotating frame": "dphi**2/2 - omega**2*sin(phi)**2/2 - (g/r)*cos(phi)"},
    source="S. H. Strogatz, Nonlinear Dynamics and Chaos (2nd ed. 2015), section 3.5; the frictionless case",
    category="mechanics",
    tier=2,
)
