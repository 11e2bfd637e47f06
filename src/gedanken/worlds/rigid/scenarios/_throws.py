"""Throws that hit what they are aimed at."""


def launch(start: tuple[float, float], aim: tuple[float, float], gravity: float, time: float) -> tuple[float, float]:
    """The velocity (px/s) that takes a body from `start` to `aim` in `time` seconds, falling at `gravity` px/s^2."""
    return (aim[0] - start[0]) / time, (aim[1] - start[1]) / time + gravity * time / 2
