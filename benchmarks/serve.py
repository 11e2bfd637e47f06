"""Steps per second of the OpenEnv servers over WebSocket, beside an empty environment and in-process, and a soak.

python benchmarks/serve.py --seconds 5                   # 1 and 8 clients, discover against empty, 1 and 2 workers
python benchmarks/serve.py --soak 600 --sessions 64      # memory and latency over ten minutes

Every number is for episodes of one reset and seven steps with a law that is simulated and wrong. Servers take turns in
short rounds, so that what else the machine does hits all of them; the median round counts. `discover` takes such steps
on its event loop, where the empty environment is handed to a thread as is OpenEnv's way; an empty one that stays on the
loop tells the two apart. The server's processor time a step hardly depends on what else runs.
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
    "empty on the event loop": ("serve_empty:app_on_the_loop", 1),
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


async def drive(url: str, clients: int, seconds: float) -> tuple[float, list[float], list[str]]:
    """Steps per second, the latency of each step in s, and every reply that was no observation."""
    latencies: list[float] = []
    errors: list[str] = []
    deadline = time.perf_counter() + seconds

    async def client() -> None:
        try:
            async with websockets.connect(url, max_size=2**24, compression=None) as wire:
                while time.perf_counter() < deadline:
                    await wire.send(RESET)
                    await wire.recv()
                    for _ in range(STEPS):
                        start = time.perf_counter()
                        await wire.send(STEP)
                        reply = await wire.recv()
                        latencies.append(time.perf_counter() - start)
                        if '"type":"observation"' not in reply[:40]:
                            errors.append(str(reply[:200]))
        except (OSError, websockets.WebSocketException) as error:
            errors.append(repr(error))

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return len(latencies) / (time.perf_counter() - start), latencies, errors


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


def processor_time(pid: int) -> float:
    """Processor time that a process has spent, s; not its children's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(seconds: float, rounds: int) -> None:
    with contextlib.ExitStack() as stack:
        served_at = {name: stack.enter_context(served(*server)) for name, server in SERVERS.items()}
        for url, _ in served_at.values():
            asyncio.run(drive(url, 8, 1.0))  # compiled code is loaded, pools are filled
        print(f"in-process LocalEnv: {in_process(seconds):,.0f} steps/s")
        for clients in (1, 8):
            rates: dict[str, list[float]] = {name: [] for name in SERVERS}
            latencies: dict[str, list[float]] = {name: [] for name in SERVERS}
            spent = dict.fromkeys(SERVERS, 0.0)
            for _ in range(rounds):
                for name, (url, pid) in served_at.items():
                    before = processor_time(pid)
                    rate, times, errors = asyncio.run(drive(url, clients, seconds / rounds))
                    assert not errors, errors[0]
                    spent[name] += processor_time(pid) - before
                    rates[name].append(rate)
                    latencies[name] += times
            for name, (_, workers) in SERVERS.items():
                rate = statistics.median(rates[name])
                ratio = rate / statistics.median(rates["empty"])
                cost = spent[name] / len(latencies[name]) * 1e6
                print(
                    f"{clients} client{'s' * (clients > 1)}, {name}: {rate:,.0f} steps/s, {ratio:.2f} of empty, "
                    f"{quantiles(latencies[name])}" + f", {cost:.0f} us of processor a step" * (workers == 1)
                )


def quantiles(latencies: list[float]) -> str:
    p50, p99 = (statistics.quantiles(latencies, n=100)[k] * 1e3 for k in (49, 98))
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"


def soak(seconds: float, sessions: int) -> None:
    with served(*SERVERS["discover"]) as (url, pid):
        begin, steps, failed = time.perf_counter(), 0, 0
        while (left := begin + seconds - time.perf_counter()) > 0:
            # New sessions every ten seconds, so that what a closed one leaves behind would show, too.
            rate, times, errors = asyncio.run(drive(url, sessions, min(10.0, left)))
            steps += len(times)
            failed += len(errors)
            now = time.perf_counter() - begin
            print(f"{now:.0f} s: {rate:,.0f} steps/s, {quantiles(times)}, {resident(pid):.1f} MiB", flush=True)
            for error in errors[:3]:
                print("error:", error, flush=True)
        print(f"{steps:,} steps in {sessions} sessions at once, {failed} errors")


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
