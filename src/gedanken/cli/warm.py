"""`gedanken warm`: compile everything once, so that the first answer is scored at once and the first search runs."""

from collections.abc import Callable

EXAMPLES = ("gedanken warm",)


def warm() -> None:
    """Compile verifier, search and what predicts into the cache (about a minute, once a machine and version)."""
    import multiprocessing
    import time
    from concurrent.futures import ProcessPoolExecutor

    start = time.perf_counter()
    # The kernels of laws and those of scenes have none in common: two processes compile them side by side.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        predicting = pool.submit(_compile_predict)
        warm_discover()
        _run("what simulates and predicts scenes is compiled and cached", lambda _: predicting.result(), start)


def warm_discover() -> None:
    """Compile the verifier and the search, and say how long it took."""
    import time

    _run("the simulator and the search are compiled and cached", _compile_discover, time.perf_counter())


def _run(done: str, work: Callable[[Callable[[str], None]], None], start: float) -> None:
    import time

    from rich.console import Console

    console = Console(stderr=True)
    with console.status("compiling (once on this machine)") as status:
        work(lambda part: status.update(f"compiling (once on this machine): {part}"))
    console.print(f"{done} ({time.perf_counter() - start:.1f} s)", highlight=False)


def _compile_discover(tell: Callable[[str], None]) -> None:
    from gedanken.loop import play
    from gedanken.players import load_player
    from gedanken.sparse.warm import warm_up
    from gedanken.tasks.discover.task import DiscoverTask
    from gedanken.worlds.ode.kernel import jit

    warm_up(tell)
    # A wrong law is described, which calls the rest; what is found does not matter.
    task = DiscoverTask()
    with jit.announce(tell):
        for positions_only in (False, True):
            problem = task.pose("damped_pendulum", samples=40, positions_only=positions_only)
            list(play(task, load_player("sparse", "discover"), problem, turns=1))
        task.verify(problem, task.examples(problem)[0][1])


def _compile_predict() -> None:
    """A scene with contacts, whose next frame the decoder says and the simulator computes from the text."""
    from gedanken.loop import play
    from gedanken.players import load_player
    from gedanken.tasks.predict.task import PredictTask

    task = PredictTask()
    problem = task.pose("bowling", split="test", level=1, format="contacts")
    for player in ("restart1", "gedanken-predict"):
        list(play(task, load_player(player, "predict"), problem, turns=1))
