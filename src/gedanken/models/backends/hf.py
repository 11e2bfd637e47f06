"""`hf:MODEL`: models in this process, by transformers: a folder, a Hub id, a GGUF file, each also with an adapter."""

import os
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gedanken.errors import PlayerError, UserError
from gedanken.loop import Message, Question
from gedanken.models import loading
from gedanken.seeding import digest

DTYPES = ("auto", "float32", "bfloat16", "float16")


class HFPlayer:
    """A causal language model in this process. Calls from several threads run one after the other.

    Attributes:
        name: `hf:` and the model.
        model: the transformers (or PEFT) model.
        tokenizer: its tokenizer.
        device: where it runs.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str = "hf:model",
        temperature: float = 0.0,
        top_p: float = 1.0,
        max_tokens: int = 512,
        seed: int = 0,
        stop: str | Sequence[str] | None = None,
        grammar: bool = False,
    ):
        """Wrap a loaded model; `load` describes the other arguments."""
        if not temperature >= 0:
            raise UserError(f"temperature must be 0 or more, not {temperature}")
        if not 0 < top_p <= 1:
            raise UserError(f"top_p must lie between 0 and 1, not {top_p}")
        if max_tokens < 1:
            raise UserError(f"max_tokens must be at least 1, not {max_tokens}")
        self.name, self.model, self.tokenizer = name, model, tokenizer
        self.device = next(model.parameters()).device
        self._stop = [stop] if isinstance(stop, str) else list(stop or ())
        self._temperature, self._top_p, self._max_tokens, self._seed = temperature, top_p, max_tokens, seed
        self._grammar = grammar
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"HFPlayer({self.name!r}, device={str(self.device)!r})"

    def answer(self, question: Question) -> str:
        """The model's answer.

        Raises:
            PlayerError: the conversation does not fit into the model's context, or memory ran out.
        """
        return self.answer_batch([question])[0]

    def answer_batch(self, questions: Sequence[Question]) -> list[str]:
        """Answers to several questions, generated side by side.

        The sampling's seed is made of `seed` and the prompts: the same batch of questions gets the same answers.

        Raises:
            PlayerError: as `answer`.
        """
        return [answer for answer, _ in self.write_batch(questions)]

    def write_batch(self, questions: Sequence[Question]) -> list[tuple[str, bool]]:
        """As `answer_batch`, each answer with whether it was cut: it reached the token limit before its end.

        Raises:
            PlayerError: as `answer`.
        """
        import torch

        prompts = [write_chat(self.tokenizer, question.messages) for question in questions]
        tokens = self._encode(prompts)
        width = tokens["input_ids"].shape[1]
        room = self._room(width)
        options: dict[str, Any] = {
            "max_new_tokens": min(self._max_tokens, room),
            "do_sample": self._temperature > 0,
            "pad_token_id": self.tokenizer.pad_token_id,
        }
        if self._temperature > 0:
            options |= {"temperature": self._temperature, "top_p": self._top_p, "top_k": 0}
        else:
            options |= {"temperature": None, "top_p": None, "top_k": None}
        if self._stop:
            options |= {"stop_strings": self._stop, "tokenizer": self.tokenizer}
        if self._grammar:
            from gedanken.models import constrained

            options["logits_processor"] = [constrained.constrain(self.tokenizer, self.model, questions, width)]
        devices = [self.device] if self.device.type == "cuda" else []
        with self._lock, torch.random.fork_rng(devices=devices), torch.inference_mode():
            torch.manual_seed(digest("answer", self._seed, *prompts) % 2**63)
            try:
                written = self.model.generate(**tokens, **options)
            except torch.OutOfMemoryError:
                raise PlayerError(
                    f"{self.name} ran out of memory on {self.device}; lower the batch or max_tokens, or take bfloat16"
                ) from None
        ids = written[:, width:].tolist()
        # Behind a shorter answer stands padding.
        ends = end_tokens(self.model, self.tokenizer) | {self.tokenizer.pad_token_id}
        answers = []
        for row, text in zip(ids, self.tokenizer.batch_decode(ids, skip_special_tokens=True), strict=True):
            answer = cut(text, self._stop)
            unended = len(row) >= options["max_new_tokens"] and row[-1] not in ends and answer == text
            answers.append((answer, unended))
        return answers

    def _encode(self, prompts: Sequence[str]) -> Any:
        """Token ids and mask, padded on the left, so that every answer begins in the same column."""
        self.tokenizer.padding_side = "left"
        tokens = self.tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False)
        tokens.pop("token_type_ids", None)
        return tokens.to(self.device)

    def _room(self, width: int) -> int:
        """Tokens that still fit after a prompt of `width`."""
        limit = getattr(self.model.config, "max_position_embeddings", None) or 2**31
        if width >= limit:
            raise PlayerError(
                f"the conversation takes {width} tokens, but {self.name} reads {limit}; show fewer rows or frames"
            )
        return int(limit - width)


def load(
    model: str,
    *,
    device: str | None = None,
    dtype: str = "auto",
    temperature: float = 0.0,
    top_p: float = 1.0,
    max_tokens: int = 512,
    seed: int = 0,
    stop: str | Sequence[str] | None = None,
    grammar: bool = False,
) -> HFPlayer:
    """The player that `model` names.

    Args:
        model: a folder, a Hub id, a GGUF file or a short name (`smollm2`), with `+ADAPTER` for a LoRA adapter on it.
        device: `cpu`, `cuda`, `cuda:1`, `mps`; the best there is by default.
        dtype: `auto` (bfloat16 where the device multiplies it fast, else float32), or a type's name.
        temperature: 0 takes the likeliest token each time.
        top_p: least share of probability to sample from.
        max_tokens: longest answer.
        seed: names the sampling.
        stop: where to stop; the stop string itself is cut off.
        grammar: let the model write well-formed answers only.

    Raises:
        UserError: there is no such model, its adapter does not fit, or transformers is not installed.
    """
    weights = loading.find(model)
    loaded, tokenizer = _open_once(weights, device, dtype, _changed(weights.base), _changed(weights.adapter))
    return HFPlayer(
        loaded,
        tokenizer,
        name=f"hf:{weights.name}",
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        seed=seed,
        stop=stop,
        grammar=grammar,
    )


# Benchmarks load a player for every scene, so the last model stays loaded.
@lru_cache(maxsize=1)
def _open_once(
    weights: loading.Weights, device: str | None, dtype: str, base_changed: int, adapter_changed: int
) -> tuple[Any, Any]:
    return open_model(weights, device=device, dtype=dtype)


def _changed(place: str | None) -> int:
    """When local weights were last written (ns), so that weights trained anew are loaded anew; 0 for a Hub id."""
    if place is None or not os.path.exists(place):
        return 0
    files = [place] if os.path.isfile(place) else [entry.path for entry in os.scandir(place) if entry.is_file()]
    return max((os.stat(file).st_mtime_ns for file in files), default=0)


def open_model(
    weights: loading.Weights, *, device: str | None = None, dtype: str = "auto", trainable: bool = False
) -> tuple[Any, Any]:
    """Load model and tokenizer.

    Args:
        weights: what to load.
        device: where to put it; the best there is by default.
        dtype: of the base's weights.
        trainable: keep the adapter apart and trainable; otherwise it is merged, which generates faster.

    Raises:
        UserError: the files cannot be read, or the adapter belongs to another base.
    """
    transformers = loading.require("transformers")
    torch = loading.require("torch")
    if dtype not in DTYPES:
        raise UserError(f"dtype is one of {', '.join(DTYPES)}, not {dtype!r}")
    place = torch.device(device or best_device())
    precision = getattr(torch, fast_dtype(place.type) if dtype == "auto" else dtype)
    source, options = _source(weights.base)
    try:
        with loading.quietly():
            tokenizer = transformers.AutoTokenizer.from_pretrained(source, **options)
            model = transformers.AutoModelForCausalLM.from_pretrained(source, dtype=precision, **options)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{weights.base} cannot be loaded as a model: {_first_line(error)}") from error
    if weights.adapter is not None:
        model = _adapt(model, weights, trainable)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    try:
        model.to(place)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"the model cannot be moved to {place}: {_first_line(error)}") from error
    return model.train() if trainable else model.eval(), tokenizer


def write_chat(tokenizer: Any, messages: Sequence[Message]) -> str:
    """The conversation in the model's chat template, up to where its answer begins.

    Without a chat template (a model of plain text), the bare contents of the messages.
    """
    if tokenizer.chat_template is None:
        return "\n\n".join(message["content"] for message in messages)
    return str(tokenizer.apply_chat_template([dict(m) for m in messages], tokenize=False, add_generation_prompt=True))


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Ids of the tokens that end an answer."""
    named = model.generation_config.eos_token_id
    return frozenset({tokenizer.eos_token_id, *(named if isinstance(named, list) else [named])} - {None})


def cut(answer: str, stop: Sequence[str]) -> str:
    """The answer up to the first stop string."""
    ends = [answer.find(text) for text in stop if text in answer]
    return answer[: min(ends)] if ends else answer


def best_device() -> str:
    """`cuda`, `mps` or `cpu`."""
    torch = loading.require("torch")
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def fast_dtype(device: str) -> str:
    """bfloat16 where the device has instructions for it, else float32."""
    torch = loading.require("torch")
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    if device == "cpu":
        # Without AMX or AVX512-BF16, bfloat16 is emulated and slower than float32.
        capability = (
            torch.backends.cpu.get_cpu_capability() if hasattr(torch.backends.cpu, "get_cpu_capability") else ""
        )
        native = torch.cpu._is_avx512_bf16_supported() if hasattr(torch.cpu, "_is_avx512_bf16_supported") else False
        return "bfloat16" if native and "AVX512" in capability else "float32"
    return "float32"


def _source(base: str) -> tuple[str, dict[str, str]]:
    if base.endswith(".gguf"):
        from pathlib import Path

        loading.require("gguf")
        return str(Path(base).parent), {"gguf_file": Path(base).name}
    return base, {}


def _adapt(model: Any, weights: loading.Weights, trainable: bool) -> Any:
    peft = loading.require("peft")
    try:
        with loading.quietly():
            adapted = peft.PeftModel.from_pretrained(model, weights.adapter, is_trainable=trainable)
            # PEFT skips matrices that it finds no place for, without an error.
            stored = set(peft.load_peft_weights(weights.adapter, device="cpu"))
            unmatched = stored ^ set(peft.get_peft_model_state_dict(adapted))
            if unmatched:
                raise ValueError(f"{len(unmatched)} of its matrices have no counterpart, {min(unmatched)} first")
            return adapted if trainable else adapted.merge_and_unload()
    except (RuntimeError, ValueError, OSError, KeyError) as error:
        raise UserError(
            f"the adapter {weights.adapter} does not fit the base {weights.base}: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
