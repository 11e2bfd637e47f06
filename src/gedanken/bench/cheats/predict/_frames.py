"""What cheats at `predict` share: frames as answers."""

from gedanken.loop import Problem
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.scene.geometry import Array


def write(problem: Problem, frame: Array) -> str:
    """A frame, shape (bodies, 6), in the problem's format."""
    observation = problem.observation
    return text.load(observation.format).write_target(observation.prompt, frame)
