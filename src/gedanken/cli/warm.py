"""`gedanken warm`: compile everything once, so that the first answer is scored at once and the first search runs."""

EXAMPLES = ("gedanken warm",)


def warm() -> None:
    """Compile the verifier and the search into the cache (about a minute, once a machine and version)."""
    import time

    from rich.console import Console

    from gedanken.loop import play
    from gedanken.players import load_player
    from gedanken.tasks.discover.task import DiscoverTask
    from gedanken.worlds.ode.kernel import jit
    from gedanken.worlds.ode.simulate import warm_up

    console = Console(stderr=True)
    start = time.perf_counter()
    with console.status("compiling the simulator (once on this machine, about half a minute)") as status:
        warm_up(lambda part: status.update(f"compiling the simulator: {part}"))
        # A short search calls every kernel that searches and describes; what it finds does not matter.
        task = DiscoverTask()
        with jit.announce(lambda part: status.update(f"compiling the search: {part}")):
            for positions_only in (False, True):
                problem = task.pose("damped_pendulum", samples=40, positions_only=positions_only)
                list(play(task, load_player("sparse", "discover"), problem, turns=1))
    console.print(
        f"the simulator and the search are compiled and cached ({time.perf_counter() - start:.1f} s)", highlight=False
    )
