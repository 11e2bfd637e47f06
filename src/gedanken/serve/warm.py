"""Loading compiled code in the background while a server starts: the simulator, and the search of `sparse`."""

import threading

from gedanken import tasks
from gedanken.episode import LocalEnv
from gedanken.loop import play
from gedanken.players import load_player

# Set when the simulator is loaded. Before that, scoring an answer may wait half a minute for the compiler.
warm = threading.Event()
# Set when the search is loaded, too. Before that, a first answer of `sparse` may wait for a minute.
searched = threading.Event()


def warm_up(search: bool = False) -> None:
    """Start a thread that loads the simulator, and the search after it, so that no request waits for the compiler."""
    threading.Thread(target=_play_once, args=(search,), daemon=True).start()


def _play_once(search: bool) -> None:
    """Call everything that is compiled: posing a problem of each task, scoring an answer and describing its misfit."""
    for name in tasks.names():
        env = LocalEnv(name)
        env.reset(seed=0)
        assert env.problem is not None
        for _, answer in env.task.examples(env.problem)[:1]:
            env.step(answer)
    warm.set()
    if search:
        _search_once()


def _search_once() -> None:
    """A short search calls every kernel that searches; what it finds does not matter."""
    task = tasks.load("discover")
    problem = task.pose("damped_pendulum", split="test", samples=40)
    list(play(task, load_player("sparse", task.name), problem, turns=1))
    searched.set()


def missing(player: str) -> str:
    """What a player of this name still has to wait for, a sentence; empty where it is loaded."""
    if player == "sparse" and not searched.is_set():
        return "compiling the search, once on this machine, about a minute"
    return "" if warm.is_set() else "compiling the simulator, once on this machine, about half a minute"
