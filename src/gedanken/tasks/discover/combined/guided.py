"""`guided:MODEL`: a language model proposes forms, the sparse search fits them and keeps the best law of all."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from gedanken.errors import PlayerError, Unanswerable
from gedanken.loop import Message, Player, Question
from gedanken.sparse import Candidate, Discovery
from gedanken.tasks.discover.answer import read_answer
from gedanken.tasks.discover.observation import Observation
from gedanken.tasks.discover.players.sparse import CACHED, Sparse, digest
from gedanken.worlds.ode.law.law import Law

PROPOSALS = 3
"""Laws that a model is asked for."""

ASK = "Name one form that may hold here and is none of these; its constants are fitted. Answer with one JSON object."


class Guided(Sparse):
    """The sparse search with a language model at its side.

    The search runs alone first. The model reads the problem and the ladder of laws that was found, and proposes others;
    their terms are fitted through the simulator, priced by the same criterion, and refined like the search's own. The
    result is therefore never worse by the criterion than that of `sparse` alone, and says whose form it has.
    """

    def __init__(
        self,
        model: Player,
        proposals: int = PROPOSALS,
        progress: Callable[[str], None] | None = None,
        seconds: float = float("inf"),
        improved: Callable[[str, dict[str, float], float], None] | None = None,
        check: Callable[[], None] = lambda: None,
    ):
        """Args: the model; how many laws it is asked for at most; the others as of `Sparse`."""
        super().__init__(progress, seconds, improved, check)
        self.name = f"guided:{model.name}"
        self._model, self._most = model, proposals
        self._proposed: OrderedDict[bytes, list[Law]] = OrderedDict()

    def answer(self, question: Question) -> str:
        """The answer of the search with the model's proposals; later turns bring the next best laws.

        Raises:
            PlayerError: the model cannot be asked.
        """
        key = digest(question.observation)
        if key not in self._proposed:
            alone = self.discover(question.observation)
            self._proposed[key] = self._ask(question, alone)
            while len(self._proposed) > CACHED:
                self._proposed.popitem(last=False)
            self._results.pop(key)
        return super().answer(question)

    def _proposals(self, observation: Observation) -> Sequence[Law]:
        return self._proposed.get(digest(observation), ())

    def _ask(self, question: Question, alone: Discovery) -> list[Law]:
        """The laws that the model proposes; answers that are none, or repeat one, are passed over."""
        *before, last = question.messages
        content = f"{last['content']}\n\n{write_ladder(alone)}\n{ASK}"
        conversation: list[Message] = [*before, {"role": last["role"], "content": content}]
        laws: list[Law] = []
        for number in range(self._most):
            try:
                answer = self._model.answer(Question(conversation, question.observation))
            except PlayerError:
                if number == 0:
                    raise
                break
            try:
                law = Law.of(read_answer(answer), question.observation.states)
            except Unanswerable as fault:
                said = f"This cannot be read: {fault}."
            else:
                known = [each.equations for each in laws]
                said = "This was proposed before." if law.equations in known else "Its constants are being fitted."
                if law.equations not in known:
                    laws.append(law)
            conversation += [{"role": "assistant", "content": answer}, {"role": "user", "content": f"{said} {ASK}"}]
        return laws

    def _remark(self, observation: Observation, discovery: Discovery, candidate: Candidate) -> str:
        laws = len(self._proposals(observation))
        asked = f"{self._model.name} proposed {laws} form{'s' * (laws != 1)}"
        if candidate.proposed:
            return f"{asked}, and this is one of them."
        best = min((each.delta for each in discovery.candidates if each.proposed), default=None)
        if best is None:
            return f"{asked}; none of them is among the best laws, and this one is the search's own."
        return f"{asked}; the best of them is worse by {best - candidate.delta:.1f}, and this one is the search's own."


def write_ladder(found: Discovery) -> str:
    """The laws that a search found, as a model reads them."""
    rungs = found.ladder or found.candidates[:3]
    lines = [f"- {law.equation} (match {law.match:.4f})" for law in rungs]
    return "\n".join(["A search has fitted these laws, from the simplest to the closest:", *lines])


load = Guided
