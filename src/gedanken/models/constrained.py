"""Constrained decoding: at each step only the tokens that can still lead to a well-formed answer.

The task defines the grammar of its answers (`observation.grammar`); this module applies it. Of the libraries for this,
llguidance is one wheel of 3 MB without dependencies, while xgrammar needs torch and triton, and outlines-core knows
only regular expressions of the whole answer.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.loop import Question


def constrain(tokenizer: Any, model: Any, questions: Sequence[Question], prompt_width: int) -> "Constraint":
    """A logits processor for `generate` that holds the answer to each question to its task's grammar.

    Args:
        tokenizer: the model's.
        model: the model; its generation configuration names the tokens that end an answer.
        questions: what is asked, in the order of the batch's rows.
        prompt_width: tokens of a row before its answer begins.

    Raises:
        UserError: llguidance is not installed, or a question's task has no grammar for its answers.
    """
    try:
        import llguidance.hf  # noqa: F401
    except ModuleNotFoundError:
        raise UserError("grammar needs llguidance; install it with: pip install 'gedanken[grammar]'") from None
    for question in questions:
        if not hasattr(question.observation, "grammar"):
            raise UserError("this task has no grammar for its answers; leave the option grammar out")
    ends = getattr(model.generation_config, "eos_token_id", None) or tokenizer.eos_token_id
    ends = tuple(ends) if isinstance(ends, list | tuple) else (ends,)
    vocabulary = _vocabulary(tokenizer, max(model.config.vocab_size, len(tokenizer)), ends)
    return Constraint(
        [PartialAnswer(vocabulary, question.observation, tokenizer, ends) for question in questions], prompt_width
    )


@lru_cache(maxsize=2)
def _vocabulary(tokenizer: Any, size: int, ends: tuple[int, ...]) -> Any:
    """The tokenizer's tokens as bytes, cached, since making them takes seconds."""
    import llguidance.hf

    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=size, eos_token=list(ends))


class PartialAnswer:
    """The tokens of one answer so far, and the grammar of what may follow.

    A grammar may cover only the first part of an answer: once that is complete, the observation gives the next one,
    which may depend on what was written.

    Attributes:
        ended: whether the answer is complete and closed by an end token.
    """

    def __init__(self, vocabulary: Any, observation: Any, tokenizer: Any, ends: tuple[int, ...]):
        """The empty answer to a question with this observation."""
        self._vocabulary, self._observation, self._tokenizer, self._ends = vocabulary, observation, tokenizer, ends
        self._tokens: list[int] = []
        self.ended = False
        self._matcher = self._open("")

    def append(self, token: int) -> None:
        """Append the token that was chosen."""
        if self.ended:
            return
        if token in self._ends:
            self.ended = True
            return
        self._tokens.append(token)
        if self._matcher is None or not self._matcher.consume_token(token):
            raise RuntimeError(f"token {token} was not allowed: {self._matcher and self._matcher.get_error()}")
        if self._matcher.is_stopped():
            self._matcher = self._open(self._tokenizer.decode(self._tokens))

    def allow(self, bits: np.ndarray) -> None:
        """Set the bits of the tokens that may come next.

        Args:
            bits: a bit for each token of the vocabulary, shape (words,), int32.
        """
        import llguidance.numpy

        if self._matcher is None:
            bits[:] = 0
            for end in self._ends:
                bits[end // 32] |= np.int32(1) << np.int32(end % 32)
        else:
            llguidance.numpy.fill_next_token_bitmask(self._matcher, bits[None], 0)

    def _open(self, written: str) -> Any:
        """A matcher of the part that follows `written`; None where the answer is complete."""
        import llguidance

        grammar = self._observation.grammar(written)
        if grammar is None:
            return None
        matcher = llguidance.LLMatcher(self._vocabulary, grammar)
        if matcher.is_error():
            raise RuntimeError(f"the task's grammar cannot be read: {matcher.get_error()}")
        return matcher


class Constraint:
    """A logits processor; called once a token with the ids so far, shape (rows, width), and the scores."""

    def __init__(self, answers: Sequence[PartialAnswer], width: int):
        """A constraint on rows whose answers begin at column `width`."""
        self._answers, self._width = answers, width

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The scores, minus infinity where a token would leave the grammar."""
        import torch

        if input_ids.shape[1] > self._width:
            for answer, token in zip(self._answers, input_ids[:, -1].tolist(), strict=True):
                answer.append(token)
        bits = np.full((len(self._answers), -(-scores.shape[1] // 32)), -1, np.int32)
        for answer, row in zip(self._answers, bits, strict=True):
            if not answer.ended:
                answer.allow(row)
        allowed = np.unpackbits(bits.view(np.uint8), axis=1, bitorder="little")[:, : scores.shape[1]].astype(bool)
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), -torch.inf)
