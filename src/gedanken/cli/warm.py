"""`gedanken warm`: compile everything once, so that the first answer is scored at once."""

EXAMPLES = ("gedanken warm",)


def warm() -> None:
    """Compile the verifier's machine code into the cache (half a minute, once a machine and version)."""
    import time

    from rich.console import Console

    from gedanken.worlds.ode.simulate import warm_up

    console = Console(stderr=True)
    start = time.perf_counter()
    with console.status("compiling the simulator (once on this machine, about half a minute)") as status:
        warm_up(lambda part: status.update(f"compiling the simulator: {part}"))
    console.print(f"the simulator is compiled and cached ({time.perf_counter() - start:.1f} s)", highlight=False)
