"""`gedanken warm`: compile everything once, so that the first answer is scored at once and the first search runs."""

EXAMPLES = ("gedanken warm",)


def warm() -> None:
    """Compile the verifier and the search into the cache (about a quarter of a minute, once a machine and version)."""
    import time

    from rich.console import Console

    from gedanken.loop import play
    from gedanken.players import load_player
    from gedanken.sparse.warm import warm_up
    from gedanken.tasks.discover.task import DiscoverTask
    from gedanken.worlds.ode.kernel import jit

    console = Console(stderr=True)
    start = time.perf_counter()
    with console.status("compiling the simulator and the search (once on this machine)") as status:

        def tell(part: str) -> None:
            status.update(f"compiling (once on this machine): {part}")

        warm_up(tell)
        # A wrong law is described, which calls the rest; what is found does not matter.
        task = DiscoverTask()
        with jit.announce(tell):
            for positions_only in (False, True):
                problem = task.pose("damped_pendulum", samples=40, positions_only=positions_only)
                list(play(task, load_player("sparse", "discover"), problem, turns=1))
            task.verify(problem, task.examples(problem)[0][1])
    console.print(
        f"the simulator and the search are compiled and cached ({time.perf_counter() - start:.1f} s)", highlight=False
    )
