"""Synthetic laws of growth, reaction and oscillation, half of the ordinary differential equations of LSR-Synth.

They combine textbook terms with terms that no textbook has there: roots, decays and waves in the time, functions inside
functions. Source: P. Shojaee et al., LLM-SRBench: a new benchmark for scientific equation discovery with large language
models (ICML 2025, arXiv 2504.10415); constants as fitted in the repository Phoinikas03/FunctionEvolve. There, laws are
regressed on derivatives; here a law is found from one trajectory. Starts and spans are chosen here. The laws are facts
in `lsr.json`; solutions are computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import orjson

from gedanken.errors import UserError
from gedanken.worlds.ode.system import solve
from gedanken.worlds.ode.trajectory import Array, Coordinate, StateSpace, Trajectory

SAMPLES = 150


@dataclass(frozen=True)
class Entry:
    """One law.

    Attributes:
        id: its name in LSR-Synth, in lower case: `bpg0`.
        group: `bio_pop_growth`, `chem_react` or `phys_osc`.
        equation: the law in the student's grammar.
        states: its state variables; an oscillator has a position and a velocity.
        starts: the two initial states at time 0, shape (n,) each.
        duration: length of the record.
        params: none, as the law holds its constants itself.
    """

    id: str
    group: str
    equation: str
    states: StateSpace
    starts: tuple[Array, Array]
    duration: float
    params: Mapping[str, float]

    @property
    def name(self) -> str:
        """Subject name, `lsr_bpg0`."""
        return f"lsr_{self.id}"

    @property
    def times(self) -> Array:
        """The sample times."""
        return np.linspace(0.0, self.duration, SAMPLES)

    def trajectory(self, start: int) -> Trajectory:
        """The clean solution from the first (0) or second (1) start."""
        return Trajectory(self.times, solve(self.equation, self.states, self.params, self.starts[start], self.times))


@cache
def load() -> tuple[Entry, ...]:
    """All laws, in the order of LSR-Synth."""
    return tuple(
        Entry(
            fact["id"],
            fact["group"],
            fact["equation"],
            StateSpace((Coordinate(*fact["states"]),)),
            (np.array(fact["starts"][0]), np.array(fact["starts"][1])),
            float(fact["duration"]),
            {},
        )
        for fact in orjson.loads(files("gedanken.worlds.ode").joinpath("lsr.json").read_bytes())["laws"]
    )


def find(name: str) -> Entry:
    """The law called `name`, say `lsr_bpg0`.

    Raises:
        UserError: there is none.
    """
    for entry in load():
        if entry.name == name:
            return entry
    raise UserError(f"there is no law called {name!r}; they are {load()[0].name} to {load()[-1].name}")
