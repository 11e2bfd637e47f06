"""Fit a prompt into a model's context by leaving out its oldest frames; header, newest frames and cue stay whole.

Truncation would lose the cue that asks for the frame (at the right) or gravity, walls and joints (at the left). Here a
frame is shown whole or not at all, and the answer always fits behind the prompt.
"""

from dataclasses import dataclass
from typing import Any

from gedanken.errors import UserError
from gedanken.loop import Message
from gedanken.models.backends import hf
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import Prompt


@dataclass(frozen=True)
class Packed:
    """A question that fits, and its answer, as tokens.

    Attributes:
        prompt: header and the frames that are left.
        question: token ids up to where the answer begins.
        answer: token ids of the answer with the token that ends it.
    """

    prompt: Prompt
    question: list[int]
    answer: list[int]

    @property
    def length(self) -> int:
        """Tokens in all."""
        return len(self.question) + len(self.answer)


@dataclass(frozen=True)
class Packer:
    """Makes training examples of the next frame that fit into one model's context.

    Attributes:
        tokenizer: the model's.
        format: text format of the frames.
        limit: most tokens of question and answer together.
    """

    tokenizer: Any
    format: str
    limit: int

    def pack(self, prompt: Prompt, state: Array) -> Packed:
        """The question with as many of its newest frames as fit together with the answer, the next frame `state`.

        Raises:
            UserError: not even one frame fits.
        """
        frames = len(prompt.states)
        whole = self.encode(prompt, state)
        if whole.length <= self.limit:
            return whole
        least = self.encode(keep_newest(prompt, 1), state)
        if least.length > self.limit:
            raise UserError(
                f"not even one frame fits: header, frame and answer take {least.length} tokens, more than "
                f"--max-seq-length {self.limit}"
            )
        # Frames of a scene are about equally long, so this guess is off by a frame or two; then tokens are counted.
        frame_length = (whole.length - least.length) / (frames - 1)
        count = min(max(1 + int((self.limit - least.length) / frame_length), 1), frames - 1)
        packed = self.encode(keep_newest(prompt, count), state)
        while packed.length > self.limit:
            count -= 1
            packed = self.encode(keep_newest(prompt, count), state)
        while count < frames - 1:
            more = self.encode(keep_newest(prompt, count + 1), state)
            if more.length > self.limit:
                break
            packed, count = more, count + 1
        return packed

    def encode(self, prompt: Prompt, state: Array) -> Packed:
        """Question and answer as tokens, without regard to the limit."""
        layout = text.load(self.format)
        messages: list[Message] = [{"role": "user", "content": layout.write_prompt(prompt)}]
        question, answer = write_example(self.tokenizer, messages, layout.write_target(prompt, state))
        return Packed(prompt, self._tokens(question), self._tokens(answer))

    def _tokens(self, content: str) -> list[int]:
        # Question and answer are tokenized separately, since in generation no token spans both.
        tokens: list[int] = self.tokenizer(content, add_special_tokens=False)["input_ids"]
        return tokens


def keep_newest(prompt: Prompt, frames: int) -> Prompt:
    """The same question with only its last `frames` frames, under their own numbers."""
    return Prompt(prompt.header, prompt.states[-frames:], prompt.next - frames)


def write_example(tokenizer: Any, messages: list[Message], answer: str) -> tuple[str, str]:
    """Text of a conversation up to its answer, and of the answer up to the end of the turn."""
    question = hf.write_chat(tokenizer, messages)
    if tokenizer.chat_template is not None:
        whole = tokenizer.apply_chat_template(
            [*map(dict, messages), {"role": "assistant", "content": answer}], tokenize=False
        )
        if whole.startswith(question):
            return question, whole[len(question) :]
    return question, answer + (tokenizer.eos_token or "")
