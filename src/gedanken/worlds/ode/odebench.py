"""ODEBench: 63 systems with one set of constants and two starts each, the reference benchmark of ODE discovery.

Source: S. d'Ascoli et al., ODEFormer: symbolic regression of dynamical systems with transformers (ICLR 2024, arXiv
2310.05573); repository sdascoli/odeformer, MIT licence. The facts are in `odebench.json`; solutions are computed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import orjson

from gedanken.errors import UserError
from gedanken.worlds.ode.system import solve
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

# The benchmark's own sampling: 512 points on 0..10.
DURATION = 10.0
SAMPLES = 512


@dataclass(frozen=True)
class Entry:
    """One system of the benchmark.

    Attributes:
        id: its number there, 1 to 63.
        description: its title there.
        variables: what the states mean.
        source: where the benchmark took it from.
        equation: the law in the student's grammar.
        states: x0, x1, ...
        params: the one set of constants.
        starts: the two initial states, shape (n,) each.
    """

    id: int
    description: str
    variables: str
    source: str
    equation: str
    states: StateSpace
    params: Mapping[str, float]
    starts: tuple[Array, Array]

    @property
    def name(self) -> str:
        """Subject name, `odebench_07`."""
        return f"odebench_{self.id:02d}"

    @property
    def times(self) -> Array:
        """The benchmark's sample times."""
        return np.linspace(0.0, DURATION, SAMPLES)

    def trajectory(self, start: int) -> Trajectory:
        """The clean solution from the first (0) or second (1) start, at the benchmark's sample times."""
        t = self.times
        return Trajectory(t, solve(self.equation, self.states, self.params, self.starts[start], t))


@cache
def load() -> tuple[Entry, ...]:
    """All 63 systems, in the benchmark's order."""
    return tuple(
        Entry(
            fact["id"],
            fact["description"],
            fact["variables"],
            fact["source"],
            fact["equation"],
            StateSpace.first_order(*(f"x{k}" for k in range(len(fact["starts"][0])))),
            fact["params"],
            (np.array(fact["starts"][0]), np.array(fact["starts"][1])),
        )
        for fact in orjson.loads(files("gedanken.worlds.ode").joinpath("odebench.json").read_bytes())["systems"]
    )


def find(name: str) -> Entry:
    """The system called `name`, say `odebench_07`.

    Raises:
        UserError: there is none.
    """
    for entry in load():
        if entry.name == name:
            return entry
    raise UserError(f"there is no ODEBench system called {name!r}; they are odebench_01 to odebench_63")
