"""Altered law: the scene of `lotka_volterra`, but predators meet prey in proportion to the square root of the herd."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dx/dt = alpha*x - beta*sqrt(x)*y; dy/dt = delta*sqrt(x)*y - gamma*y",
    states=StateSpace.first_order("x", "y"),
    params={
        "alpha": Uniform(0.4, 0.8),
        "beta": Uniform(0.5, 1.0),
        "delta": Uniform(0.4, 0.8),
        "gamma": Uniform(0.6, 1.0),
    },
    # Near the unstable equilibrium x = (gamma/delta)**2; the prey would die out in finite time from far away.
    initial={"x": "pull*(gamma/delta)**2", "y": "push*alpha*gamma/(beta*delta)"},
    scene={"pull": Uniform(0.75, 1.25), "push": Uniform(0.75, 1.25)},
    hint="Hares ({x:.2f} thousand) and lynxes ({y:.2f} thousand) in one forest; time in years.",
    names_hint="x and y are two populations.",
    duration=8.0,
    limit=50.0,
    source="altered from lotka_volterra (A. J. Lotka, Elements of Physical Biology, 1925): x*y becomes sqrt(x)*y",
    category="altered",
    tier=2,
)
