"""Scenes per second of one and of two Ray workers, taking turns: `python benchmarks/ray_scaling.py`.

Wall-clock time, so only a machine with two idle cores gives a meaningful ratio. The cluster is started and its workers
have compiled everything before the clock runs.
"""

import statistics
import tempfile
import time
from pathlib import Path

import ray

from gedanken.bench.speed.generate import README_TYPES
from gedanken.data.generate import generate, make_plan
from gedanken.data.ray import Cluster

SCENES = 4000
ROUNDS = 3


def scenes_per_second(processors: int) -> float:
    ray.init(num_cpus=processors, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory() as name:
        warm = make_plan("val", 10 * processors, README_TYPES, shard_scenes=5)
        generate(warm, Path(name) / "warm", Cluster())
        start = time.perf_counter()
        generate(make_plan("test", SCENES, README_TYPES), Path(name) / "data", Cluster())
        seconds = time.perf_counter() - start
    ray.shutdown()
    return SCENES / seconds


if __name__ == "__main__":
    found = [(scenes_per_second(1), scenes_per_second(2)) for _ in range(ROUNDS)]
    for one, two in found:
        print(f"1 worker {one:.0f} scenes/s, 2 workers {two:.0f} scenes/s, ratio {two / one:.2f}")
    print(f"median ratio {statistics.median(two / one for one, two in found):.2f}")
