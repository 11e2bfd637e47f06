"""Loading the compiled simulator in the background while a server starts."""

import threading

from gedanken import tasks
from gedanken.episode import LocalEnv

# Set when the simulator is loaded. Before that, scoring an answer may wait half a minute for the compiler.
warm = threading.Event()


def warm_up() -> None:
    """Start a thread that loads the simulator, so that the first request does not wait for the compiler."""
    threading.Thread(target=_play_once, daemon=True).start()


def _play_once() -> None:
    """Call everything that is compiled: posing a problem of each task, scoring an answer and describing its misfit."""
    for name in tasks.names():
        env = LocalEnv(name)
        env.reset(seed=0)
        assert env.problem is not None
        for _, answer in env.task.examples(env.problem)[:1]:
            env.step(answer)
    warm.set()
