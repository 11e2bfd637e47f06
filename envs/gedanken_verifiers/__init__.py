"""Both tasks of gedanken for verifiers: the taskset draws problems, the environment plays their turns."""

from .taskset import GedankenEnv, GedankenTaskset

__all__ = ["GedankenEnv", "GedankenTaskset"]
