"""Models for tests (of a few thousand weights, so that training runs in seconds; behind an endpoint), and commands."""

import importlib.util
import json
import re
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

FORKING = Path(__file__).with_name("forking.py")

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
def commands():
    """What begins `gedanken` and programs in Python at once (`forking.Commands`)."""
    found = importlib.util.spec_from_file_location("forking", FORKING)
    forking = importlib.util.module_from_spec(found)
    found.loader.exec_module(forking)
    # The path of a socket has some hundred characters at most.
    with tempfile.TemporaryDirectory(prefix="gedanken-") as folder, forking.Commands(Path(folder)) as begun:
        yield begun


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


class Endpoint(ThreadingHTTPServer):
    """An endpoint of OpenAI's chat completions on the loopback, which answers every problem of the package.

    Attributes:
        bodies: the requests, as data.
        fails: whether the request of this number (from 1) fails with status 503.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), EndpointHandler)
        self.bodies, self.fails = [], lambda number: False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class EndpointHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        if self.server.fails(len(self.server.bodies)):
            return self.reply(503, {"error": {"message": "no capacity"}}, "application/json")
        text = answer(next(each["content"] for each in body["messages"] if each["role"] == "user"))
        common = {"id": "1", "created": 0, "model": body["model"]}
        if not body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            return self.reply(200, {**common, "object": "chat.completion", "choices": [choice]}, "application/json")
        pieces = [({"role": "assistant", "content": text}, None), ({}, "stop")]
        chunks = [
            {
                **common,
                "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": piece, "finish_reason": finish}],
            }
            for piece, finish in pieces
        ]
        lines = [*map(json.dumps, chunks), "[DONE]"]
        return self.reply(200, "".join(f"data: {line}\n\n" for line in lines), "text/event-stream")

    def reply(self, status, data, kind):
        data = (data if isinstance(data, str) else json.dumps(data)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(data)


def answer(prompt):
    """An honest, poor answer: nothing acts, or the last frame again."""
    form = re.search(r'ANSWER: one JSON object \{"equation": "(.*?)", "params"', prompt)
    if form:
        return json.dumps({"equation": form[1].replace("...", "0"), "params": {}})
    return re.split(r"^Frame \d+$", prompt, flags=re.MULTILINE)[-1].rpartition("Predict")[0].strip() or "I do not know."


@pytest.fixture(scope="session")
def session_endpoint():
    server = Endpoint()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoint(session_endpoint):
    """A model behind an endpoint of OpenAI's kind: `endpoint.url`. Any name of a model and any key will do."""
    session_endpoint.bodies.clear()
    session_endpoint.fails = lambda number: False
    return session_endpoint


LONGEST = "test_the_blocks_of_the_training_page_run_one_after_the_other"


def pytest_collection_modifyitems(items):
    """The longest test first, or all workers but one wait for it at the end."""
    items.sort(key=lambda item: item.name != LONGEST)
