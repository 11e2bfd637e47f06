"""The form of the next frame as a grammar for constrained decoding, in the Lark dialect of llguidance."""

from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.text import Prompt


def write_frame(format: str, prompt: Prompt) -> str:
    """Grammar of the answer to `prompt` in a text format; the answer's last line may end with a newline."""
    return text.write_grammar(text.load(format), prompt)
