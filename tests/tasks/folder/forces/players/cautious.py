"""Says that nothing acts, and gravity when told otherwise."""

from gedanken.loop import Question


class Cautious:
    """A baseline that does not look."""

    name = "cautious"

    def answer(self, question: Question) -> str:
        return "gravity" if question.turns else "nothing"


load = Cautious
