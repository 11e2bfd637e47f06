import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.text import lfm

pytest.importorskip("transformers")

from gedanken.training.packing import Packer, keep_newest


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_model("lfm2"))


def question(format, context=12):
    problem = PredictTask().pose("billiards", level=1, context=context, format=format)
    return problem.observation.prompt, problem.truth.frames[0]


@pytest.mark.parametrize("format", text.names())
def test_header_newest_frames_and_cue_survive_at_every_limit(tokenizer, format):
    layout = text.load(format)
    prompt, state = question(format)
    lengths = [Packer(tokenizer, format, 10**9).pack(keep_newest(prompt, k), state).length for k in range(1, 13)]
    whole_text = layout.write_prompt(prompt)
    for limit in range(lengths[0], lengths[-1] + 50, 241):
        packed = Packer(tokenizer, format, limit).pack(prompt, state)
        shown = len(packed.prompt.states)
        assert packed.length <= limit
        assert shown == max(k for k in range(1, 13) if lengths[k - 1] <= limit)
        assert packed.prompt.next == prompt.next
        written = tokenizer.decode(packed.question)
        assert layout.write_prompt(packed.prompt) in written
        assert whole_text.splitlines()[-1] in written  # the cue
        assert layout.write_header(prompt.header).splitlines()[-1] in written
        read = layout.parse_prompt(layout.write_prompt(packed.prompt))
        np.testing.assert_array_equal(read.states[-1], prompt.states[-1])
        assert layout.write_target(packed.prompt, state) in tokenizer.decode(packed.answer)
        assert packed.answer[-1] in tokenizer.encode("<|im_end|>\n")


def test_where_not_even_one_frame_fits_the_error_says_how_long_it_is(tokenizer):
    prompt, state = question("lfm")
    least = Packer(tokenizer, "lfm", 10**9).pack(keep_newest(prompt, 1), state).length
    with pytest.raises(UserError, match=f"take {least} tokens, more than --max-seq-length {least - 1}"):
        Packer(tokenizer, "lfm", least - 1).pack(prompt, state)


def test_a_model_without_a_chat_template_reads_the_published_text_byte_for_byte(tokenizer):
    prompt, state = question("lfm", context=3)
    tokenizer = type(tokenizer)(tokenizer_object=tokenizer._tokenizer, eos_token="<|im_end|>")
    assert tokenizer.chat_template is None
    packed = Packer(tokenizer, "lfm", 10**9).pack(prompt, state)
    assert tokenizer.decode(packed.question) == lfm.write_prompt(prompt)
    assert tokenizer.decode(packed.answer) == lfm.write_target(prompt, state) + "<|im_end|>"
