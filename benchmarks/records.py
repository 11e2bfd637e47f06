"""Players beside each other on a record of your own: the law that each answers first, its match, and the time it took.

python benchmarks/records.py motor.csv --input torque
python benchmarks/records.py springs.csv --parameter mass --order 2 --player sparse --player pysindy
"""

import argparse
import time

from gedanken.bench.peers.pysindy import PySindy
from gedanken.loop import Question
from gedanken.own_data.read.inputs import InputColumns
from gedanken.own_data.record import read_record
from gedanken.tasks.discover.players.sparse import Sparse
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.simulate import warm_up

PLAYERS = {"sparse": Sparse, "pysindy": PySindy}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    for option in ("time", "trial", "conserve"):
        parser.add_argument(f"--{option}")
    for option in ("state", "input", "hold", "parameter"):
        parser.add_argument(f"--{option}", default="", help="columns, comma-separated")
    parser.add_argument("--order", type=int)
    parser.add_argument("--fit-until", type=float)
    parser.add_argument("--player", action="append", choices=PLAYERS)
    given = parser.parse_args()
    named = {name: tuple(filter(None, getattr(given, name).split(","))) for name in ("input", "hold", "parameter")}
    columns = InputColumns(named["input"], named["hold"], named["parameter"], guess=True)
    record = read_record(
        given.file, time=given.time, trial=given.trial, order=given.order, fit_until=given.fit_until, inputs=columns,
        state=given.state.split(",") if given.state else None,
    )  # fmt: skip
    warm_up()
    task = DiscoverTask()
    for name in given.player or PLAYERS:
        player, start = PLAYERS[name](), time.perf_counter()
        answer = player.answer(Question(task.ask(record.problem), record.problem.observation))
        seconds = time.perf_counter() - start
        verdict = task.verify(record.problem, answer)
        told = f"match {verdict.terms['match']:.4f}" if verdict.error is None else f"not simulated: {verdict.error}"
        law = verdict.reading
        print(f"{name}: {told}, {seconds:.1f} s")
        for line in () if law is None else law.lines():
            print(f"    {line}")


if __name__ == "__main__":
    main()
