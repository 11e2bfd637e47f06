"""An epidemic with an incubation time."""

from gedanken.worlds.ode.system import LogUniform, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="ds/dt = -beta*s*i; de/dt = beta*s*i - sigma*e; di/dt = sigma*e - gamma*i; dr/dt = gamma*i",
    states=StateSpace.first_order("s", "e", "i", "r"),
    params={"beta": Uniform(0.8, 2.5), "sigma": Uniform(0.3, 1.0), "gamma": Uniform(0.1, 0.4)},
    initial={"s": "1 - e0 - i0", "e": "e0", "i": "i0", "r": 0.0},
    scene={"e0": LogUniform(0.005, 0.05), "i0": LogUniform(0.005, 0.05)},
    hint="Outbreak in a town: on day zero a share of {e:.3f} has caught the disease and {i:.3f} already spread it.",
    names_hint="s, e, i and r are shares of a population: not yet infected, incubating, ill, and no longer ill.",
    duration=25.0,
    conserved={"population": "s + e + i + r"},
    source="H. W. Hethcote, The mathematics of infectious diseases, SIAM Review 42 (2000) 599-653",
    category="epidemics",
    tier=2,
)
