"""The player: a decoder of laws answers the conversation that any language model gets."""

import hashlib
from functools import lru_cache
from pathlib import Path

import orjson

from gedanken.errors import PlayerError
from gedanken.loop import Question
from gedanken.models.laws import decoder
from gedanken.models.laws.dialect import Dialect
from gedanken.models.laws.vocabulary import MOST_INPUTS, MOST_STATES, Vocabulary
from gedanken.models.llama.weights import Weights
from gedanken.seeding import stream

TEMPERATURES = (0.5, 0.8, 1.0)
"""An answer that was given before earns nothing; another one is drawn, each time with more freedom."""


class LawPlayer:
    """A model of laws; the same conversation always gets the same answer.

    Attributes:
        name: what it is called in tables.
    """

    def __init__(self, folder: Path, name: str, temperature: float = 0.0, seed: int = 0, feedback: bool = True):
        """The model in `folder`.

        Args:
            folder: the model's.
            name: what it is called.
            temperature: of the first draw; 0 takes the likeliest answer.
            seed: players with different ones draw differently.
            feedback: whether it reads its earlier answers and what was said to them. Without, its answers are
                independent, but for none being given twice.

        Raises:
            UserError: there is no model, or one of another kind.
        """
        self.name = name
        self._temperatures, self._seed, self._feedback = (temperature, *TEMPERATURES), seed, feedback
        weights = folder / "model.safetensors"
        # A run writes its model anew while it is examined.
        self._weights, self._vocabulary = _load(folder, weights.stat().st_mtime_ns if weights.is_file() else 0)

    def __repr__(self) -> str:
        return f"LawPlayer({self.name!r})"

    def answer(self, question: Question) -> str:
        """A law or a change of the last one, as JSON.

        Raises:
            PlayerError: the problem has more variables or inputs than the model has names for.
        """
        states = question.observation.states
        if states.size > MOST_STATES or len(states.input_names) > MOST_INPUTS:
            raise PlayerError(
                f"{self.name} reads records of at most {MOST_STATES} variables and {MOST_INPUTS} inputs, and this one "
                f"has {states.size} and {len(states.input_names)}"
            )
        messages = [*question.messages]
        if not self._feedback:
            problem = next(k for k, message in enumerate(messages) if message["role"] == "user")
            messages = messages[: problem + 1]
        dialect = Dialect(states, self._vocabulary)
        text = dialect.write_conversation(messages)
        given = {message["content"] for message in question.messages if message["role"] == "assistant"}
        rng = stream("laws", "answer", self._seed, hashlib.sha256(orjson.dumps([text, len(given)])).hexdigest())
        allow = dialect.grammar().allow
        answer = ""
        for temperature in self._temperatures:
            answer = dialect.read_answer(decoder.say(self._weights, self._vocabulary, text, temperature, rng, allow))
            if answer not in given:
                break
        return answer


@lru_cache(maxsize=4)
def _load(folder: Path, written: int) -> tuple[Weights, Vocabulary]:
    return decoder.load(folder)
