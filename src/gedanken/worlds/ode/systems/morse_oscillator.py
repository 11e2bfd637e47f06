"""A diatomic molecule: stiff when squeezed, weak when stretched."""

from gedanken.worlds.ode.system import System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="d2x/dt2 = -2*D*b*(exp(-b*x) - exp(-2*b*x))",
    states=StateSpace.second_order(x="vx"),
    params={"D": Uniform(1.0, 4.0), "b": Uniform(0.5, 1.5)},
    initial={"x": "stretch/b", "vx": Uniform(-0.3, 0.3)},
    scene={"stretch": Uniform(0.5, 1.8)},
    hint="Two bound atoms, stretched by {x:.2f} from their resting distance.",
    names_hint="x is a stretch and vx is its rate of change.",
    duration=15.0,
    samples=150,
    conserved={"energy": "vx**2/2 + D*(1 - exp(-b*x))**2"},
    source="P. M. Morse, Diatomic molecules according to the wave mechanics II, Physical Review 34 (1929) 57-64",
    category="mechanics",
    tier=3,
)
