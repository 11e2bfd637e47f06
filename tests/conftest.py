"""Models of a few thousand weights, made on the spot, so that real training runs in seconds."""

import pytest

# The layout of Qwen2.5 and LFM2 (ChatML), without their default system message.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": True,
}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """`tiny_model(architecture) -> Path`: a folder with a random `llama`, `qwen2` or `lfm2` and its tokenizer."""
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    made = {}

    def config(architecture, **tokens):
        if architecture == "llama":
            return transformers.LlamaConfig(**SIZES, **tokens)
        if architecture == "qwen2":
            return transformers.Qwen2Config(**SIZES, **tokens)
        return transformers.Lfm2Config(**SIZES, layer_types=["conv", "full_attention"], block_ff_dim=64, **tokens)

    def make(architecture="llama"):
        if architecture not in made:
            folder = tmp_path_factory.mktemp("models") / f"tiny-{architecture}"
            tokenizer = train_tokenizer(transformers)
            torch.manual_seed(0)
            model = transformers.AutoModelForCausalLM.from_config(
                config(
                    architecture,
                    vocab_size=len(tokenizer),
                    bos_token_id=None,
                    eos_token_id=tokenizer.eos_token_id,
                    pad_token_id=tokenizer.pad_token_id,
                )
            )
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            made[architecture] = folder
        return made[architecture]

    return make


def train_tokenizer(transformers):
    """A byte-level BPE tokenizer of a few prompts, as small as it can be without making every prompt long."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    from gedanken.tasks.discover.task import DiscoverTask
    from gedanken.tasks.predict.task import PredictTask

    judges = [(DiscoverTask(), "damped_spring"), (DiscoverTask(), "simple_pendulum"), (PredictTask(), "billiards")]
    texts = []
    for judge, subject in judges:
        problem = judge.pose(subject)
        texts += [message["content"] for message in judge.ask(problem)] + [judge.solve(problem)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=800,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=CHAT_TEMPLATE
    )
