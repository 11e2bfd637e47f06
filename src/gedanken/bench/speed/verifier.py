"""Speed and worst cases of the verifier of equations, beside the usual design and a compiled limit.

All systems take turns in every round, in CPU time, on one core; the median round counts. Each works on the same answers
to the same records: the eight seed systems with drawn parameters, 120 samples of 10 s, truth by scipy's DOP853 at
rtol 1e-12.
"""

import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.bench import hostile
from gedanken.bench.speed.cases import BATCH, BLOCK, BLOCKS, DURATION, SAMPLES, SYSTEMS, Case, make_case
from gedanken.bench.speed.fixed_loop import FixedLoop
from gedanken.markdown import table
from gedanken.seeding import stream
from gedanken.versions import versions
from gedanken.worlds.ode.kernel import status
from gedanken.worlds.ode.simulate import SCORE_FUEL, Track, score_json, score_json_batch, warm_up
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

# Answers that the reference design gets a system and round; it is a hundred times slower.
REFERENCE_ANSWERS = 4
# Random equations that are tried as the slowest one, on top of those in `hostile`.
SEARCHED = 4000

NEEDED = {"batch": 100.0, "single": 80.0, "mixed": 80.0}


def run(rounds: int = 7, seed: int = 0, progress: Callable[[int, int, str], None] | None = None) -> dict[str, Any]:
    """Measure everything.

    Args:
        rounds: interleaved rounds; the median counts.
        seed: which draws of the systems.
        progress: called with (steps done, steps in all, what is next).

    Returns:
        `batch`, `single` and `mixed` (each `scores_per_second` of one core and `ratio` to the reference design),
        `limit` (the compiled loop; None without a C compiler), `malformed_us_max`, `worst_accepted_ms`,
        `one_minus_r2_max`, and the figures behind them.
    """
    steps = len(SYSTEMS) + rounds + 2
    tell = progress or (lambda done, total, note: None)
    tell(0, steps, "compiling")
    warm_up()
    cases = []
    for k, name in enumerate(SYSTEMS):
        tell(k, steps, name)
        cases.append(make_case(name, seed))
    limit = FixedLoop.build()
    with _one_core() as core, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # odeint speaks of every answer that has no solution
        times: dict[str, list[list[float]]] = {}
        for number in range(-1, rounds):  # one round to warm up
            tell(len(SYSTEMS) + max(number, 0), steps, "racing")
            for k, case in enumerate(cases):
                for what, spent in _race(case, limit, number):
                    row = times.setdefault(what, [[] for _ in cases])
                    if number >= 0:
                        row[k].append(spent)
        tell(len(SYSTEMS) + rounds, steps, "malformed answers")
        malformed = measure_refusals(cases[0].track)
        tell(len(SYSTEMS) + rounds + 1, steps, "slowest answers")
        worst = measure_worst(seed)
    seconds = {what: [statistics.median(row) for row in rows] for what, rows in times.items()}
    accuracy = {case.name: 1.0 - score_json(case.track, case.true).r2 for case in cases}
    agreement = max(
        abs(case.reference.score(text) - score_json(case.track, text).r2)
        for case in cases
        for text in (case.true, *case.near[:REFERENCE_ANSWERS])
    )
    result: dict[str, Any] = {
        "batch": _compare(seconds["batch"], seconds["reference"]),
        "single": _compare(seconds["single"], seconds["reference"]),
        "mixed": _compare(seconds["mixed"], seconds["reference mixed"], geometric=False),
        "reference": {"scores_per_second": 1.0 / statistics.geometric_mean(seconds["reference"])},
        "limit": None,
        "malformed_us_max": max(malformed.values()),
        "malformed_slowest": max(malformed, key=lambda name: malformed[name]),
        "worst_accepted_ms": worst["milliseconds"],
        "worst_accepted": worst,
        "one_minus_r2_max": max(accuracy.values()),
        "largest_difference_to_reference": agreement,
    }
    if limit is not None:
        result["limit"] = {
            "what": "simulation alone, the equation written by hand in C and inlined",
            "scores_per_second": 1.0 / statistics.geometric_mean(seconds["limit"]),
            "batch_seconds_over_limit": _ratio(seconds["batch"], seconds["limit"]),
        }
    result["systems"] = {
        case.name: {
            "single_us": 1e6 * seconds["single"][k],
            "batch_us": 1e6 * seconds["batch"][k],
            "mixed_us": 1e6 * seconds["mixed"][k],
            "reference_us": 1e6 * seconds["reference"][k],
            "reference_mixed_us": 1e6 * seconds["reference mixed"][k],
            "limit_us": 1e6 * seconds["limit"][k] if limit else None,
            "one_minus_r2": accuracy[case.name],
        }
        for k, case in enumerate(cases)
    }
    result["settings"] = {
        "rounds": rounds,
        "seed": seed,
        "samples": SAMPLES,
        "rtol": 1e-6,
        "atol": 1e-9,
        "fuel": SCORE_FUEL,
        "batch": BATCH,
        "mixed": len(cases[0].mixed),
    }
    result["machine"] = describe_machine(core)
    tell(steps, steps, "")
    return result


def _race(case: Case, limit: FixedLoop | None, number: int) -> Iterator[tuple[str, float]]:
    """(what, CPU seconds a score) of one round for one system. The reference takes other answers in every round."""
    start = time.process_time()
    score_json_batch(case.track, case.near, threads=1)
    yield "batch", (time.process_time() - start) / len(case.near)
    some = case.near[:64]
    start = time.process_time()
    for text in some:
        score_json(case.track, text)
    yield "single", (time.process_time() - start) / len(some)
    start = time.process_time()
    score_json_batch(case.track, case.mixed, threads=1)
    yield "mixed", (time.process_time() - start) / len(case.mixed)
    if limit is not None:
        start = time.process_time()
        limit.repeat(case.name, case.params, case.track, 200)
        yield "limit", (time.process_time() - start) / 200
    low = max(number, 0) * REFERENCE_ANSWERS % BATCH
    some = case.near[low : low + REFERENCE_ANSWERS]
    start = time.process_time()
    for text in some:
        case.reference.score(text)
    yield "reference", (time.process_time() - start) / len(some)
    low = max(number, 0) % BLOCKS * sum(BLOCK)
    some = case.mixed[low : low + sum(BLOCK)]
    start = time.process_time()
    for text in some:
        case.reference.score(text)
    yield "reference mixed", (time.process_time() - start) / len(some)


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.geometric_mean([b / a for a, b in zip(theirs, ours, strict=True)])


def _compare(ours: Sequence[float], reference: Sequence[float], geometric: bool = True) -> dict[str, float]:
    """Scores a second and the ratio to the reference: geometric means over systems, or the throughput of a mix."""
    mean = statistics.geometric_mean if geometric else statistics.fmean
    return {"scores_per_second": 1.0 / mean(ours), "ratio": mean(reference) / mean(ours)}


def measure_refusals(track: Track) -> dict[str, float]:
    """Microseconds until each answer outside of the grammar is refused: median over repetitions, CPU time."""
    texts = {name: hostile.as_json(equation) for name, equation in hostile.REFUSED.items()}
    medians = {}
    for name, text in {**texts, **{f"JSON: {name}": text for name, text in hostile.REFUSED_JSON.items()}}.items():
        score = score_json(track, text)
        if score.r2 != 0.0 or not score.reason:
            raise AssertionError(f"{name} is not refused")
        samples = []
        for _ in range(15):
            start = time.thread_time_ns()
            for _ in range(20):
                score_json(track, text)
            samples.append((time.thread_time_ns() - start) / 20e3)
        medians[name] = statistics.median(samples)
    return medians


def measure_worst(seed: int, searched: int = SEARCHED) -> dict[str, Any]:
    """The slowest accepted answer among those in `hostile` and random equations made to hurt; CPU time, best of many.

    The best of many is what the answer costs; what is above it is other work of the machine.
    """
    t = np.linspace(0.0, DURATION, SAMPLES)
    states = StateSpace.second_order(y="vy")
    track = Track(states, Trajectory(t, np.c_[100 + 5 * t - 4.9 * t**2, 5 - 9.8 * t]), [100.0, 5.0])
    rng = stream("bench.verifier", "worst", seed)
    texts = [hostile.as_json(equation) for equation in hostile.BOUNDED.values()]
    texts += [hostile.as_json(_painful(rng)) for _ in range(searched)]
    slowest, text_of_slowest, burnt, accepted = 0, "", 0, 0
    for text in texts:
        start = time.thread_time_ns()
        score = score_json(track, text)
        spent = time.thread_time_ns() - start
        accepted += score.status == status.OK or status.S_NONFINITE <= score.status <= status.S_ZERO
        burnt += score.status == status.S_FUEL
        for _ in range(9):
            if spent <= slowest:
                break
            start = time.thread_time_ns()
            score_json(track, text)
            spent = min(spent, time.thread_time_ns() - start)
        if spent > slowest:
            slowest, text_of_slowest = spent, text
    return {
        "milliseconds": slowest / 1e6,
        "answer": text_of_slowest,
        "tried": len(texts),
        "accepted": accepted,
        "burnt_all_fuel": burnt,
    }


def _painful(rng: np.random.Generator) -> str:
    """A random equation of costly operations on extreme arguments."""
    atoms = ("y", "vy", "t", "2", "1e22", "1e-300", "1e300", "3.3", "7e7", "-1e3", "709")

    def part(depth: int) -> str:
        u = rng.random()
        if depth == 0 or u < 0.15:
            return str(rng.choice(atoms))
        if u < 0.5:
            return f"{rng.choice(('sin', 'cos', 'tan', 'exp', 'log', 'sqrt', 'abs'))}({part(depth - 1)})"
        return f"({part(depth - 1)}{rng.choice(('+', '-', '*', '/', '**', '*', '+'))}{part(depth - 1)})"

    terms = [f"1e{rng.integers(-3, 4)}*{part(int(rng.integers(1, 6)))}" for _ in range(rng.integers(1, 5))]
    return "d2y/dt2 = " + "+".join(terms)


@contextmanager
def _one_core() -> Iterator[int | None]:
    """Keep this process on the core it runs on, where the system allows it."""
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    before = os.sched_getaffinity(0)
    core = max(before)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, before)


def describe_machine(core: int | None) -> dict[str, Any]:
    """What the figures depend on."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model n")
        ]
        model = names[0] if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "pinned_to": core,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "versions": versions("numpy", "numba", "scipy", "sympy", "orjson"),
    }


def render_markdown(result: Mapping[str, Any]) -> str:
    """The result as a page."""
    rows = [
        [what, f"{result[what]['scores_per_second']:,.0f}", f"{result[what]['ratio']:.0f}", f"{needed:.0f}"]
        for what, needed in NEEDED.items()
    ]
    rows.append(["reference", f"{result['reference']['scores_per_second']:,.0f}", "1", ""])
    if limit := result["limit"]:
        rows.append([limit["what"], f"{limit['scores_per_second']:,.0f}", "", ""])
    systems = [
        [
            name,
            *(f"{row[f'{way}_us']:.1f}" for way in ("single", "batch", "mixed")),
            f"{row['reference_us']:.0f}",
            f"{row['limit_us']:.1f}" if row["limit_us"] else "",
        ]
        for name, row in result["systems"].items()
    ]
    machine = result["machine"]
    lines = [
        *table(["what", "scores/s/core", "ratio to SymPy + lambdify + odeint", "needed"], rows, align="lrrr"),
        "",
        f"- slowest refusal of a malformed answer: {result['malformed_us_max']:.1f} us ({result['malformed_slowest']})",
        f"- slowest accepted answer: {result['worst_accepted_ms']:.2f} ms of {result['worst_accepted']['tried']} tried",
        f"- 1 - R2 of the true equations: at most {result['one_minus_r2_max']:.1e}",
        "",
        *table(["system", "single us", "batch us", "mixed us", "reference us", "limit us"], systems, align="lrrrrr"),
        "",
        f"{machine['processor']}, Python {machine['python']}, load {machine['load']}",
    ]
    return "\n".join(lines)
