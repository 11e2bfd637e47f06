"""A nerve fires: a fast voltage with a cubic law and a slow recovery."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dv/dt = v - v**3/3 - w + drive; dw/dt = eps*(v + alpha - beta*w)",
    states=StateSpace.first_order("v", "w"),
    params={
        "drive": Uniform(0.4, 1.0),
        "eps": Uniform(0.06, 0.2),
        "alpha": Uniform(0.5, 0.8),
        "beta": Uniform(0.5, 0.9),
    },
    initial={"v": Uniform(-2.0, 2.0), "w": Uniform(-0.5, 1.5)},
    hint="Nerve membrane under a steady current: its voltage starts at {v:.2f}, its recovery at {w:.2f}.",
    names_hint="v is a voltage and w a recovery variable.",
    duration=60.0,
    samples=200,
    source="R. FitzHugh, Biophysical Journal 1 (1961) 445-466; J. Nagumo, S. Arimoto and S. Yoshizawa, Proceedings "
    "of the "
    "IRE 50 (1962) 2061-2070",
    category="biology",
    tier=2,
)
