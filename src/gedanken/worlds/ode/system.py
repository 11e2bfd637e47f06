"""A system of the zoo is data, written in the grammar that the student answers in; a draw makes it one instance."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gedanken import zoo
from gedanken.worlds.ode.invariants import evaluate
from gedanken.worlds.ode.trajectory import Array, Coordinate, StateSpace, Trajectory

PACKAGE = "gedanken.worlds.ode.systems"
MAX_DRAWS = 64
# A thousand times tighter than in scoring, so that errors of the data do not limit the R2 of the true law.
RTOL, ATOL = 1e-9, 1e-12


@dataclass(frozen=True)
class Uniform:
    """Evenly between `low` and `high`."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True)
class LogUniform:
    """Evenly in the logarithm between `low` and `high`, both positive."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))


@dataclass(frozen=True)
class Choice:
    """One of `options`, each as likely as the others."""

    options: tuple[float, ...]

    def draw(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(self.options[rng.integers(len(self.options))])


@dataclass(frozen=True)
class Signed:
    """A magnitude from `magnitude` with either sign."""

    magnitude: Uniform | LogUniform

    def draw(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(rng.choice((-1.0, 1.0))) * self.magnitude.draw(rng)


# A quantity of a scene: drawn from a range, fixed, or an expression of what was drawn before it.
Quantity = Uniform | LogUniform | Choice | Signed | float | str


@dataclass(frozen=True)
class System:
    """An entry of the zoo.

    Attributes:
        equation: the law, `d2y/dt2 = -g + k*vy**2`; several derivatives are joined by `;`.
        states: names and order of the state variables.
        params: the law's parameters. Each is a range, a number, or an expression of `scene` and of earlier parameters.
        initial: the start, one quantity for each column; expressions may use `scene`, `params` and earlier columns.
        hint: sentence about the scene that speaks of drawn values (`{y:.1f}`) and never of the law.
        names_hint: neutral sentence that says only what the variables are.
        source: where the law is from, so that it can be checked.
        category: kind of system (`mechanics`, `population`, ..., or `altered` for a law that no textbook has).
        tier: 1 (one or two terms) to 3 (coupled, driven or chaotic). Tier 3 and `altered` are held out from training.
        scene: further quantities that a hint or a start needs (a mass, a launch angle); drawn first.
        duration: length of the record, a number or an expression of everything drawn.
        samples: how many samples a record has.
        conserved: constants of motion by name, expressions in states and parameters.
        limit: a draw whose states exceed this magnitude is drawn again.
        readable: the same law in constants that a record shows at a glance (a frequency, a terminal speed), which is
            what students are taught; empty where `equation` is that already.
        scales: the constants of `readable`, expressions in `params`.
    """

    equation: str
    states: StateSpace
    params: Mapping[str, Quantity]
    initial: Mapping[str, Quantity]
    hint: str
    names_hint: str
    source: str
    category: str
    tier: int
    scene: Mapping[str, Quantity] = field(default_factory=dict)
    duration: float | str = 10.0
    samples: int = 100
    conserved: Mapping[str, str] = field(default_factory=dict)
    limit: float = 1e4
    readable: str = ""
    scales: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if tuple(self.initial) != self.states.columns:
            raise ValueError(
                f"initial must give {', '.join(self.states.columns)} in this order, not {list(self.initial)}"
            )
        if self.tier not in (1, 2, 3):
            raise ValueError(f"tier is 1, 2 or 3, not {self.tier}")

    @property
    def held_out(self) -> bool:
        """Whether no training problem may be posed about this system."""
        return self.tier == 3 or self.category == "altered"

    @cached_property
    def uses_time(self) -> bool:
        """Whether the law depends on `t` itself."""
        return re.search(r"\bt\b", self.equation) is not None

    def reads(self, params: Mapping[str, float]) -> tuple[str, dict[str, float]]:
        """The law as it is taught, with its constants, for one instance's `params`."""
        if not self.readable:
            return self.equation, dict(params)
        return self.readable, {name: float(evaluate(text, params)) for name, text in self.scales.items()}


@dataclass(frozen=True)
class Instance:
    """One draw of a system.

    Attributes:
        system: what was drawn.
        params: value of each parameter.
        initial: the start, shape (n,).
        duration: length of the record.
        hint: the system's hint with the drawn values filled in.
        rejected: draws that were thrown away before this one because they left the system's range or stood still.
    """

    system: System
    params: Mapping[str, float]
    initial: Array
    duration: float
    hint: str
    rejected: int = 0

    @property
    def times(self) -> Array:
        """The default sample times, even from 0 to `duration`."""
        return np.linspace(0.0, self.duration, self.system.samples)


def names() -> list[str]:
    """Every system of the zoo, sorted."""
    return list(zoo.names(PACKAGE))


def load(name: str) -> System:
    """The system called `name`.

    Raises:
        UserError: no system of that name; the message offers the nearest names.
    """
    entry: System = zoo.load(PACKAGE, name).SYSTEM
    return entry


def draw(system: System, rng: np.random.Generator, params: Mapping[str, float] | None = None) -> Instance:
    """One instance; `params` keeps the law of an earlier draw and only makes a new start.

    A draw that diverges, exceeds `system.limit` or does not move is drawn again from the same generator, so that the
    result still depends on the key alone.

    Raises:
        RuntimeError: none of `MAX_DRAWS` draws could be used: the entry's ranges are wrong.
    """
    for rejected in range(MAX_DRAWS):
        values: dict[str, float] = {}
        for name, quantity in (*system.scene.items(), *system.params.items()):
            values[name] = _draw(quantity, rng, values)
        values.update(params or {})
        for name, quantity in system.initial.items():
            values[name] = _draw(quantity, rng, values)
        duration = _draw(system.duration, rng, values)
        instance = Instance(
            system,
            {name: values[name] for name in system.params},
            np.array([values[name] for name in system.states.columns]),
            duration,
            system.hint.format(**values),
            rejected,
        )
        if _is_usable(instance):
            return instance
    raise RuntimeError(f"no usable draw in {MAX_DRAWS}: {system.equation}")


def _draw(quantity: Quantity, rng: np.random.Generator, values: Mapping[str, float]) -> float:
    if isinstance(quantity, str):
        return float(evaluate(quantity, values))
    return quantity.draw(rng) if hasattr(quantity, "draw") else float(quantity)


def _is_usable(instance: Instance) -> bool:
    try:
        values = trajectory(instance, instance.times).values
    except FloatingPointError:
        return False
    largest, span = np.abs(values).max(axis=0), np.ptp(values, axis=0)
    # R2 of a column that hardly changes is ill-conditioned, and a record in equilibrium does not show the law.
    moves = (span > 1e-3 * largest).all() and (span > 0.2 * largest).any()
    return bool(moves and largest.max() <= instance.system.limit)


def trajectory(instance: Instance, t: Array, name: str = "") -> Trajectory:
    """The clean samples of an instance at times `t`, which need not start at 0; the start belongs to time 0.

    Raises:
        FloatingPointError: the solution does not exist as far as `t` reaches.
    """
    system = instance.system
    return Trajectory(t, solve(system.equation, system.states, instance.params, instance.initial, t), name)


def solve(equation: str, states: StateSpace, params: Mapping[str, float], initial: Array, t: Array) -> Array:
    """Clean states at times `t`, shape (m, n), of a law that starts from `initial` at time 0.

    Raises:
        FloatingPointError: the solution does not exist as far as `t` reaches.
    """
    from gedanken.worlds.ode.simulate import simulate  # here, because it loads numba and listing the zoo needs none

    late = t[0] > 0
    times = np.concatenate([[0.0], t]) if late else t
    solution = simulate(equation, states, params, initial, times, rtol=RTOL, atol=ATOL)
    if solution.reason:
        raise FloatingPointError(solution.reason)
    return solution.values[1:] if late else solution.values


def anonymise(system: System) -> System:
    """The same system with states called x0, x1, ... and parameters c0, c1, ...; a draw gives the same numbers."""
    columns = system.states.columns
    new = {name: f"x{index}" for index, name in enumerate(columns)}
    renamed = new | {name: f"c{index}" for index, name in enumerate(system.params)}
    # Quantities of the scene get a prefix, so that they do not collide with the new names.
    renamed |= {name: f"scene_{name}" for name in system.scene}
    renamed |= {name: f"s{index}" for index, name in enumerate(system.scales) if name not in renamed}
    left = {f"d2{c.name}": f"d2{new[c.name]}" for c in system.states.coordinates if c.velocity}
    left |= {f"d{c.name}": f"d{new[c.name]}" for c in system.states.coordinates if not c.velocity}

    def rename(text: str, table: Mapping[str, str] = renamed) -> str:
        return re.sub(r"[A-Za-z_]\w*", lambda match: table.get(match[0], match[0]), text)

    def quantity(value: Quantity) -> Quantity:
        return rename(value) if isinstance(value, str) else value

    def rename_law(law: str) -> str:
        sides = [side.split("=") for side in law.split(";")]
        return "; ".join(f"{rename(a.strip(), left)} = {rename(b.strip())}" for a, b in sides)

    velocities = [
        f"{new[c.velocity]} is the time derivative of {new[c.name]}" for c in system.states.coordinates if c.velocity
    ]
    sentence = f"The state variables are {', '.join(new.values())}{'; ' if velocities else ''}{', '.join(velocities)}."
    return replace(
        system,
        equation=rename_law(system.equation),
        states=StateSpace(
            tuple(Coordinate(new[c.name], new[c.velocity] if c.velocity else None) for c in system.states.coordinates)
        ),
        params={renamed[name]: quantity(value) for name, value in system.params.items()},
        initial={renamed[name]: quantity(value) for name, value in system.initial.items()},
        scene={renamed[name]: quantity(value) for name, value in system.scene.items()},
        duration=rename(system.duration) if isinstance(system.duration, str) else system.duration,
        conserved={name: rename(text) for name, text in system.conserved.items()},
        readable=rename_law(system.readable) if system.readable else "",
        scales={renamed[name]: rename(text) for name, text in system.scales.items()},
        hint=sentence,
        names_hint=sentence,
    )
