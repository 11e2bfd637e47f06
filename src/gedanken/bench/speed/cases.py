"""The records and answers that `gedanken bench verifier` times: one case for each system of the suite `seed8`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from gedanken.bench.discover.suite import load
from gedanken.bench.speed.reference_verifier import ReferenceVerifier
from gedanken.seeding import stream
from gedanken.worlds.ode import system
from gedanken.worlds.ode.simulate import Track
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

SYSTEMS = load("seed8").subjects
SAMPLES = 120
DURATION = 10.0
BATCH = 256
# A block of a mixed batch: near-correct, wrong in structure, malformed, hostile. 50, 25, 15 and 10 percent.
BLOCK = (10, 5, 3, 2)
BLOCKS = 24

_WRONG = {
    "theta": (
        "d2theta/dt2 = -k*theta",
        "d2theta/dt2 = -k*sin(theta)*cos(theta)",
        "d2theta/dt2 = -k*theta - c*dtheta**2",
        "d2theta/dt2 = k*sin(theta)",
    ),
    "x": (
        "d2x/dt2 = -k*x**3",
        "d2x/dt2 = -k*sin(x) - c*vx",
        "d2x/dt2 = k*x",
        "d2x/dt2 = -k*x - c*vx*abs(vx)",
    ),
    "y": ("d2y/dt2 = -k", "d2y/dt2 = -k - c*vy", "d2y/dt2 = -k*y", "d2y/dt2 = -k*exp(-c*y)"),
    "x y": (
        "d2x/dt2 = -k*x; d2y/dt2 = -k*y",
        "d2x/dt2 = -c*vx; d2y/dt2 = -k - c*vy",
        "d2x/dt2 = 0; d2y/dt2 = -k",
        "d2x/dt2 = k*vy - c*vx; d2y/dt2 = -k*vx",
    ),
}
# `{}` stands for the coordinate.
_MALFORMED = (
    "The equation is y'' = -g",
    '{"equation": "d2{}/dt2 = -k{}", "params": {"k": 1}}',
    '{"equation": "d2{}/dt2 = -q*{}", "params": {"k": 1}}',
    '{"equation": "{} = 1 + t", "params": {}}',
    '{"equation": "d2{}/dt2 = -k*({}", "params": {"k": 1}}',
)
# Only texts that the reference design survives: it never returns from 9**9**9**9.
_HOSTILE = (
    "exp(V**10)",
    "-1e8*(V-cos(t))",
    "1/(t-t)",
    "-1e3*V/abs(V)",
    "{}**3",
    "__import__('os').getpid()",
)


@dataclass(frozen=True)
class Case:
    """One system: its record, and answers to it."""

    name: str
    params: Mapping[str, float]
    track: Track
    reference: ReferenceVerifier
    true: str
    near: Sequence[str]
    mixed: Sequence[str]


def make_case(name: str, seed: int) -> Case:
    """The record of one draw of a system, near-correct answers (parameters 1 % off) and a mixed batch."""
    entry = system.load(name)
    rng = stream("bench.verifier", name, seed)
    instance = system.draw(entry, rng)
    params = dict(instance.params)
    true = _answer(entry.equation, params)
    t = np.linspace(0.0, DURATION, SAMPLES)
    # The reference's right-hand side needs only the names, so that it can make the truth for its own track.
    blank = Track(entry.states, Trajectory(t, np.outer(1.0 + t, np.ones(entry.states.size))), instance.initial)
    values = _solve(ReferenceVerifier(blank), entry.equation, params)
    track = Track(entry.states, Trajectory(t, values), instance.initial)
    near = [_answer(entry.equation, _vary(params, 0.01, rng)) for _ in range(BATCH)]
    mixed: list[str] = []
    for _ in range(BLOCKS):
        mixed += _block(entry.equation, entry.states, params, rng)
    return Case(name, params, track, ReferenceVerifier(track), true, near, mixed)


def _solve(reference: ReferenceVerifier, equation: str, params: Mapping[str, float]) -> Any:
    """The solution by SymPy, lambdify and DOP853 at rtol 1e-12, which shares no code with the verifier."""
    from scipy.integrate import solve_ivp

    symbols, sides = reference.parse(equation, dict(params))
    rhs = reference.lambdify([*reference.variables.values(), reference.time, *symbols], sides, modules="math")
    t = reference.track.trajectory.t
    solution = solve_ivp(
        lambda time, y: rhs(*y, time, *params.values()),
        (t[0], t[-1]),
        reference.track.y0,
        method="DOP853",
        t_eval=t,
        rtol=1e-12,
        atol=1e-12,
    )
    return solution.y.T


def _answer(equation: str, params: Mapping[str, float]) -> str:
    return orjson.dumps({"equation": equation, "params": dict(params)}).decode()


def _vary(params: Mapping[str, float], share: float, rng: np.random.Generator) -> dict[str, float]:
    return {name: value * (1.0 + share * rng.standard_normal()) for name, value in params.items()}


def _block(equation: str, states: StateSpace, params: Mapping[str, float], rng: np.random.Generator) -> list[str]:
    """One block of a mixed batch, shuffled."""
    first = states.coordinates[0]
    tail = "; d2y/dt2 = 0" if len(states.coordinates) == 2 else ""
    wrong = _WRONG[" ".join(c.name for c in states.coordinates)]
    texts = [_answer(equation, _vary(params, 0.1, rng)) for _ in range(BLOCK[0])]
    for k in range(BLOCK[1]):
        values = {"k": abs(5.0 * rng.standard_normal()), "c": abs(0.3 * rng.standard_normal())}
        texts.append(_answer(wrong[k % len(wrong)], values))
    texts += [text.replace("{}", first.name) for text in rng.choice(_MALFORMED, BLOCK[2], replace=False)]
    for side in rng.choice(_HOSTILE, BLOCK[3], replace=False):
        side = str(side).replace("V", first.velocity or first.name).replace("{}", first.name)
        texts.append(_answer(f"d2{first.name}/dt2 = {side}{tail}", {}))
    return [texts[k] for k in rng.permutation(len(texts))]
