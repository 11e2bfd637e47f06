"""Whose fault it is decides what happens: the model's scores zero, the user's is one sentence, ours raises."""


class GedankenError(Exception):
    """Root of every error that gedanken raises on purpose.

    Attributes:
        code: which kind of failure, a word for programs (`key_refused`, `timeout`); empty where the sentence is all.
    """

    def __init__(self, message: str = "", code: str = ""):
        super().__init__(message)
        self.code = code


class UserError(GedankenError):
    """Something the user gave cannot be used. The message is one clear sentence; the CLI prints it and exits with 2."""


class Unanswerable(GedankenError):
    """A model's answer cannot be read. Caught by a task's `verify` and nowhere else; the verdict carries the reason.

    Attributes:
        position: index into the offending text where reading stopped, or None where there is no such place.
    """

    def __init__(self, reason: str, position: int | None = None):
        super().__init__(reason)
        self.position = position


class PlayerError(GedankenError):
    """A player could not answer at all (an endpoint is down, refuses the key, does not know the model)."""
