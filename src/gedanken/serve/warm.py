"""Loading the compiled simulator in the background while a server starts."""

import threading

# Set when the simulator is loaded. Before that, scoring an answer may wait half a minute for the compiler.
warm = threading.Event()


def warm_up() -> None:
    """Start a thread that loads the simulator, so that the first request does not wait for the compiler."""
    threading.Thread(target=_play_once, daemon=True).start()


def _play_once() -> None:
    """Call everything that is compiled: posing a problem, scoring an answer and describing its misfit."""
    from gedanken.episode import LocalEnv

    env = LocalEnv("discover")
    env.reset(system_id="free_fall_drag", seed=0)
    env.step('{"equation": "d2y/dt2 = 0", "params": {}}')
    warm.set()
