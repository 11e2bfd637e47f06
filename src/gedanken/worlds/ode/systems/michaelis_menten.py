"""An enzyme at work: the rate saturates when there is plenty of substrate."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="ds/dt = -V*s/(K + s)",
    states=StateSpace.first_order("s"),
    params={"V": Uniform(0.5, 2.0), "K": Uniform(0.5, 3.0)},
    initial={"s": Uniform(4.0, 10.0)},
    hint="Sugar solution of {s:.2f} millimolar with a drop of enzyme; time in minutes.",
    names_hint="s is a concentration.",
    duration="1.5*s/V",
    samples=80,
    source="L. Michaelis and M. L. Menten, Die Kinetik der Invertinwirkung, Biochemische Zeitschrift 49 (1913) 333-369",
    category="chemistry",
    tier=2,
)
