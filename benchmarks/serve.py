"""Steps per second of the OpenEnv servers over WebSocket, beside an empty environment and in-process, and a soak.

python benchmarks/serve.py --seconds 5                   # 1 and 8 clients, discover against empty, 1 and 2 workers
python benchmarks/serve.py --soak 600 --sessions 64      # memory and latency over ten minutes

Every number is for episodes of one reset and seven steps with a law that is simulated and wrong. Servers take turns in
short rounds, so that what else the machine does hits all of them; the median round counts.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import websockets

HERE = Path(__file__).resolve().parent
LAW = json.dumps({"equation": "d2y/dt2 = -g", "params": {"g": 3.0}})
RESET = json.dumps({"type": "reset", "data": {"system_id": "free_fall_drag", "seed": 3}})
STEP = json.dumps({"type": "step", "data": {"answer": LAW}})
STEPS = 7
SERVERS = {
    "empty": ("serve_empty:app", 1),
    "discover": ("gedanken.serve.openenv.discover:app", 1),
    "discover, 2 workers": ("gedanken.serve.openenv.discover:app", 2),
}


@contextlib.contextmanager
def served(target: str, workers: int) -> Iterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"from gedanken.serve.openenv.command import serve; serve({target!r}, '127.0.0.1', {port}, {workers})"
    environ = {**os.environ, "PYTHONPATH": str(HERE)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environ, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            time.sleep(0.1)
        if workers > 1:
            time.sleep(15)  # until all of them have imported OpenEnv
        yield f"ws://127.0.0.1:{port}/ws", process.pid
    finally:
        process.terminate()
        process.wait(20)


async def drive(url: str, clients: int, seconds: float) -> tuple[float, list[float]]:
    """Steps per second and the latency of each step, s."""
    latencies: list[float] = []
    deadline = time.perf_counter() + seconds

    async def client() -> int:
        steps = 0
        async with websockets.connect(url, max_size=2**24, compression=None) as wire:
            while time.perf_counter() < deadline:
                await wire.send(RESET)
                await wire.recv()
                for _ in range(STEPS):
                    start = time.perf_counter()
                    await wire.send(STEP)
                    reply = await wire.recv()
                    latencies.append(time.perf_counter() - start)
                    assert '"type":"observation"' in reply[:40], reply[:200]
                    steps += 1
        return steps

    start = time.perf_counter()
    total = sum(await asyncio.gather(*(client() for _ in range(clients))))
    return total / (time.perf_counter() - start), latencies


def in_process(seconds: float) -> float:
    from gedanken import LocalEnv

    env, steps, start = LocalEnv("discover"), 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        env.reset(system_id="free_fall_drag", seed=3)
        for _ in range(STEPS):
            env.step(LAW)
        steps += STEPS
    return steps / (time.perf_counter() - start)


def resident(pid: int) -> float:
    """Resident memory of a process and its children, MiB."""
    pids, found = [pid], 0
    while pids:
        each = pids.pop()
        with contextlib.suppress(OSError):
            pids += map(int, Path(f"/proc/{each}/task/{each}/children").read_text().split())
            found += int(Path(f"/proc/{each}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return found / 2**20


def compare(seconds: float, rounds: int) -> None:
    with contextlib.ExitStack() as stack:
        urls = {name: stack.enter_context(served(*server))[0] for name, server in SERVERS.items()}
        for url in urls.values():
            asyncio.run(drive(url, 8, 1.0))  # compiled code is loaded, pools are filled
        print(f"in-process LocalEnv: {in_process(seconds):,.0f} steps/s")
        for clients in (1, 8):
            rates: dict[str, list[float]] = {name: [] for name in urls}
            latencies: dict[str, list[float]] = {name: [] for name in urls}
            for _ in range(rounds):
                for name, url in urls.items():
                    rate, times = asyncio.run(drive(url, clients, seconds / rounds))
                    rates[name].append(rate)
                    latencies[name] += times
            for name in urls:
                rate = statistics.median(rates[name])
                ratio = rate / statistics.median(rates["empty"])
                p50, p99 = (statistics.quantiles(latencies[name], n=100)[k] * 1e3 for k in (49, 98))
                print(
                    f"{clients} client{'s' * (clients > 1)}, {name}: {rate:,.0f} steps/s, {ratio:.2f} of empty, "
                    f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"
                )


def soak(seconds: float, sessions: int) -> None:
    with served(*SERVERS["discover"]) as (url, pid):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            rate, times = asyncio.run(drive(url, sessions, min(10.0, end - time.perf_counter())))
            p99 = statistics.quantiles(times, n=100)[98] * 1e3
            print(f"{rate:,.0f} steps/s, p99 {p99:.1f} ms, {resident(pid):.1f} MiB", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each server and number of clients")
    parser.add_argument("--rounds", type=int, default=5, help="in which those seconds are spent")
    parser.add_argument("--soak", type=float, default=0.0, help="seconds of soak instead")
    parser.add_argument("--sessions", type=int, default=64, help="of the soak")
    chosen = parser.parse_args()
    if chosen.soak:
        soak(chosen.soak, chosen.sessions)
    else:
        compare(chosen.seconds, chosen.rounds)
