"""What a hint decides where a record hardly can: pendulums at small angles, the search alone and with a model.

python benchmarks/small_angles.py                                     # sparse and guided:laws_no_feedback:gedanken-laws
python benchmarks/small_angles.py --hint anonymous --player sparse

Within 0.3 rad sin(theta) is theta to 1.5 %, less than the noise. The hint speaks of a pendulum, and the search itself
takes its words and the names of variables as reasons for a sine; `--hint anonymous` tells neither. `form` says how
often the law found has the sine.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace

from gedanken.bench.discover.rows import measure
from gedanken.bench.discover.suite import Item, load
from gedanken.loop import Key, Problem
from gedanken.players import load_player
from gedanken.statistics import summarise_rate
from gedanken.tasks.discover.conditions import Conditions
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode import system
from gedanken.worlds.ode.system import Signed, Uniform

SYSTEMS = ("simple_pendulum", "damped_pendulum")
START = {"theta": Signed(Uniform(0.05, 0.3)), "dtheta": 0.0}


def pose(problems: int, conditions: Conditions) -> Iterator[tuple[Item, Problem]]:
    """Problems of the test split, whose pendulums start within 0.3 rad."""
    for name in SYSTEMS:
        entry = replace(system.load(name), initial=START)
        for index in range(problems):
            key = Key(f"small_{name}", "test", index)
            yield Item(name, index), DiscoverTask().pose_entry(entry, key, conditions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--player", action="append", help="repeatable")
    parser.add_argument("--problems", type=int, default=15, help="of each of the two systems")
    parser.add_argument("--noise", type=float, default=0.05)
    parser.add_argument("--hint", default="full", help="full, names or anonymous")
    given = parser.parse_args()
    conditions = Conditions(noise=given.noise, hint=given.hint)
    suite = load("seed8")
    for name in given.player or ("sparse", "guided:laws_no_feedback:gedanken-laws"):
        player = load_player(name, "discover")
        rows = [measure(suite, item, problem, player) for item, problem in pose(given.problems, conditions)]
        rates = {
            kind: summarise_rate([[getattr(row, kind)] for row in rows]) for kind in ("solved", "generalises", "form")
        }
        seconds = sum(row.seconds for row in rows) / len(rows)
        print(json.dumps({"player": name, "n": len(rows), **rates, "seconds": round(seconds, 2)}), flush=True)


if __name__ == "__main__":
    main()
