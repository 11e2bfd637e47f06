"""Score many random, mutated and hostile answers: none may raise, none may take long."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from gedanken.bench import hostile
from gedanken.errors import Unanswerable
from gedanken.seeding import stream
from gedanken.worlds.ode.kernel import status
from gedanken.worlds.ode.law.parser import FUNCTIONS, parse
from gedanken.worlds.ode.simulate import UNREADABLE, Track, score, score_json, warm_up
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

# Every so many answers the slow way is taken as well: English reasons, the other parser, the prediction.
THOROUGH = 10
STATUSES = {getattr(status, name): name for name in dir(status) if name == "OK" or name[:2] in ("E_", "S_")}
STATUSES[UNREADABLE] = "UNREADABLE"

_ATOMS = ("y", "vy", "t", "k", "c", "dy", "2", "0.5", "9.81", "1e-3", ".5", "3.", "1e300", "1e-300", "7e22", "0")
_OPERATORS = ("+", "-", "*", "/", "**", " + ", " - ", " * ")
_ALPHABET = list("dytx2/=()+-*. 0123456789evgkL;\n\"{}:,_sincoqrtabplg\\u^%$[]'\u00b2\u0443\uff53\0")
_VALUES: tuple[Any, ...] = (9.81, 0.05, -3, 0, 1e308, -1e-308, 2**63, True, None, "1", [1], {"k": 1})


def write_expression(rng: np.random.Generator, depth: int) -> str:
    """A random expression of the grammar."""
    u = rng.random()
    if depth == 0 or u < 0.2:
        return str(rng.choice(_ATOMS))
    if u < 0.4:
        return f"{rng.choice(list(FUNCTIONS))}({write_expression(rng, depth - 1)})"
    if u < 0.48:
        return f"-{write_expression(rng, depth - 1)}"
    if u < 0.6:
        return f"({write_expression(rng, depth - 1)})"
    return f"{write_expression(rng, depth - 1)}{rng.choice(_OPERATORS)}{write_expression(rng, depth - 1)}"


def mutate(text: str, rng: np.random.Generator) -> str:
    """The text with a few characters changed, added, removed, or a piece repeated."""
    characters = list(text)
    for _ in range(rng.integers(1, 6)):
        at = int(rng.integers(len(characters) + 1))
        kind = rng.random()
        if kind < 0.35 and at < len(characters):
            characters[at] = str(rng.choice(_ALPHABET))
        elif kind < 0.65:
            characters.insert(at, str(rng.choice(_ALPHABET)))
        elif kind < 0.9:
            del characters[at : at + 1]
        else:
            characters[at:at] = characters[at : at + int(rng.integers(1, 20))]
    return "".join(characters)


def write_answer(rng: np.random.Generator) -> str:
    """A random answer: half are in the grammar, the others are mutated ones and entries of `hostile`, mutated too."""
    kind = rng.random()
    if kind < 0.1:
        known = [*hostile.REFUSED_JSON.values(), *map(hostile.as_json, hostile.REFUSED.values())]
        return mutate(known[int(rng.integers(len(known)))][:5000], rng)
    equation = f"d2y/dt2 = {write_expression(rng, int(rng.integers(1, 7)))}"
    if kind < 0.15:
        equation = str(rng.choice(list(hostile.BOUNDED.values())))
    if kind < 0.3:
        equation = mutate(equation, rng)
    params: dict[str, Any] = {"k": float(rng.lognormal()), "c": float(rng.standard_normal())}
    if kind > 0.95:
        params[str(rng.choice(["k", "sin", "vy", "t", "", "a b", "\u00b5", "k" * 33]))] = _VALUES[
            int(rng.integers(len(_VALUES)))
        ]
    text = orjson.dumps({"equation": equation, "params": params}).decode()
    return mutate(text, rng) if 0.3 < kind < 0.5 else text


def make_track() -> Track:
    """A fall with drag, 120 samples."""
    t = np.linspace(0.0, 10.0, 120)
    fall = np.c_[100 - 14 * np.log(np.cosh(0.7 * t)) / 0.7, -14 * np.tanh(0.7 * t)]
    return Track(StateSpace.second_order(y="vy"), Trajectory(t, fall), [100.0, 0.0])


def fuzz(n: int = 100_000, seed: int = 0, progress: Callable[[int, int, str], None] | None = None) -> dict[str, Any]:
    """Score random answers.

    Args:
        n: how many.
        seed: which ones.
        progress: called with (answers done, answers in all, note).

    Returns:
        `answers`, `exceptions` (with the first few texts), `disagreements` of the two parsers, `slowest_ms` with its
        answer (CPU time, best of five), and the number of answers by status.
    """
    warm_up()
    rng = stream("bench.fuzz", seed)
    track = make_track()
    raised: list[dict[str, str]] = []
    disagreed: list[str] = []
    counts: Counter[str] = Counter()
    exceptions, slowest, slowest_answer = 0, 0, ""
    for k in range(n):
        if progress is not None and k % 1000 == 0:
            progress(k, n, "")
        text = write_answer(rng)
        start = time.thread_time_ns()
        try:
            scored = score_json(track, text)
            spent = time.thread_time_ns() - start
            if not 0.0 <= scored.r2 <= 1.0:
                raise AssertionError(f"R2 is {scored.r2}")
            counts[STATUSES[scored.status]] += 1
            if k % THOROUGH == 0:
                _check(track, text)
        except Disagreement:
            disagreed.append(text)
            continue
        except Exception as error:  # the failure that is looked for
            exceptions += 1
            if len(raised) < 10:
                raised.append({"answer": text, "error": f"{type(error).__name__}: {error}"})
            continue
        if spent > slowest:
            for _ in range(4):  # the best of five: the rest is other work of the machine
                start = time.thread_time_ns()
                score_json(track, text)
                spent = min(spent, time.thread_time_ns() - start)
            if spent > slowest:
                slowest, slowest_answer = spent, text
    return {
        "answers": n,
        "exceptions": exceptions,
        "raised": raised,
        "disagreements": len(disagreed),
        "disagreed": disagreed[:10],
        "slowest_ms": slowest / 1e6,
        "slowest": slowest_answer,
        "statuses": dict(counts.most_common()),
    }


class Disagreement(AssertionError):
    """One parser reads what the other refuses."""


def _check(track: Track, text: str) -> None:
    """The slow way through one answer: reasons exist where they should, and both parsers say the same."""
    scored = score_json(track, text)
    if scored.status == UNREADABLE:
        if not scored.reason:
            raise AssertionError("refused without a reason")
        return
    equation, params = scored.source
    try:
        parse(equation, track.states, params)
        read = True
    except Unanswerable:
        read = False
    if read != (scored.status == status.OK or scored.status >= status.S_NONFINITE):
        raise Disagreement(text)
    score(track, equation, params)
    if (scored.r2 > 0.0) and scored.reason:
        raise AssertionError("a score and a reason why there is none")
