"""A Llama's matrices, read from a folder that `save_pretrained` wrote, and the state of texts that it continues."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.models.llama.forward import Floats, Ids, forward


@dataclass(frozen=True, eq=False)
class Weights:
    """A Llama's matrices, each to be multiplied from the right, float32.

    Attributes:
        embedding: shape (tokens, width).
        inner: norms before attention and before the second half of each layer, shape (layers, 2, width).
        qkv: shape (layers, width, 3 width).
        out: shape (layers, width, width).
        gates: gate and up, shape (layers, width, 2 inner width).
        down: shape (layers, inner width, width).
        norm: the last, shape (width,).
        head: logits of the tokens that answers consist of, shape (width, said).
        heads: of attention.
        epsilon: of the norms.
        theta: of the rotary embedding.
    """

    embedding: Floats
    inner: Floats
    qkv: Floats
    out: Floats
    gates: Floats
    down: Floats
    norm: Floats
    head: Floats
    heads: int
    epsilon: float
    theta: float


def load(folder: Path, tokens: int, said: slice | Ids, kind: str) -> Weights:
    """Read a folder that `save_pretrained` wrote.

    Args:
        folder: the model's.
        tokens: size of the vocabulary that it has to have.
        said: the tokens that answers consist of.
        kind: what model of that size is expected, for the sentence of an error.

    Raises:
        UserError: there is no such model, or it is none of this kind.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tensors = _read_tensors(folder / "model.safetensors")
    except OSError as error:
        raise UserError(f"{folder} holds no model: {error}") from error
    except ValueError as error:
        raise UserError(f"{folder} holds no model that can be read: {error}") from error
    if config.get("model_type") != "llama" or config.get("vocab_size") != tokens:
        raise UserError(f"{folder} is no {kind}")
    heads = config.get("num_attention_heads")
    if config.get("num_key_value_heads", heads) != heads:
        raise UserError(f"{folder} shares keys between heads, which this decoder does not")
    return assemble(tensors, config, said)


def assemble(tensors: Mapping[str, Floats], config: Mapping[str, Any], said: slice | Ids) -> Weights:
    """A Llama's matrices as this decoder multiplies them.

    Args:
        tensors: by their names in transformers, single precision.
        config: of transformers.
        said: see `load`.
    """
    layers = range(config["num_hidden_layers"])

    def stack(*names: str) -> Floats:
        """Matrices of every layer, side by side and turned."""
        rows = [np.concatenate([tensors[f"model.layers.{k}.{name}.weight"] for name in names]).T for k in layers]
        return np.ascontiguousarray(rows, np.float32)

    embedding = tensors["model.embed_tokens.weight"]
    head = tensors.get("lm_head.weight", embedding)[said]
    norms = [
        [tensors[f"model.layers.{k}.{name}.weight"] for name in ("input_layernorm", "post_attention_layernorm")]
        for k in layers
    ]
    rope = config.get("rope_parameters") or {}
    return Weights(
        embedding,
        np.ascontiguousarray(norms, np.float32),
        stack("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        stack("self_attn.o_proj"),
        stack("mlp.gate_proj", "mlp.up_proj"),
        stack("mlp.down_proj"),
        tensors["model.norm.weight"],
        np.ascontiguousarray(head.T),
        config["num_attention_heads"],
        float(config["rms_norm_eps"]),
        float(rope.get("rope_theta", config.get("rope_theta", 10_000.0))),
    )


def _read_tensors(path: Path) -> dict[str, Floats]:
    """All tensors of a file in single precision."""
    import safetensors

    deserialize: Any = safetensors.deserialize
    try:
        entries = deserialize(path.read_bytes())
    except safetensors.SafetensorError as error:
        raise ValueError(str(error)) from error
    tensors: dict[str, Floats] = {}
    for name, entry in entries:
        data, kind = entry["data"], entry["dtype"]
        if kind == "BF16":
            # The upper half of a float32.
            values = (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32)
        elif kind in ("F32", "F16"):
            values = np.frombuffer(data, np.float32 if kind == "F32" else np.float16).astype(np.float32)
        else:
            raise ValueError(f"the tensor {name} is of type {kind}")
        tensors[name] = values.reshape(entry["shape"])
    return tensors


class Texts:
    """Texts that a model reads and continues side by side, their keys and values kept.

    Attributes:
        starts: tokens that each has had, shape (texts,).
    """

    def __init__(self, weights: Weights, texts: int, longest: int):
        """Room for so many texts of at most `longest` tokens."""
        layers, width = weights.inner.shape[0], weights.inner.shape[2]
        shape = (layers, texts, weights.heads, width // weights.heads, longest)
        self._weights = weights
        self._keys, self._values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.starts = np.zeros(texts, np.int64)

    def branch(self) -> None:
        """Every text goes on from what the first one has read."""
        self._keys[:, 1:], self._values[:, 1:] = self._keys[:, :1], self._values[:, :1]
        self.starts[:] = self.starts[0]

    def read(self, slots: Sequence[int], tokens: Sequence[Sequence[int]]) -> Floats:
        """Hidden states of the last of some more tokens of some of the texts, shape (slots, width)."""
        w = self._weights
        which, lengths = np.array(slots), [len(each) for each in tokens]
        ids, offsets = np.array([token for each in tokens for token in each]), np.concatenate([[0], np.cumsum(lengths)])
        hidden: Floats = forward(
            ids, offsets, which, self.starts[which], self._keys, self._values, w.embedding, w.inner, w.qkv, w.out,
            w.gates, w.down, w.norm, w.heads, w.epsilon, w.theta,
        )  # fmt: skip
        self.starts[which] += lengths
        return hidden


@cache
def threads() -> Any:
    """The controller of BLAS, for `limit(limits=1, user_api="blas")` around a model's work.

    Matrices are so small that threads of BLAS wait for each other longer than they compute.

    Beside another busy process they wait a hundred times longer.
    """
    import scipy.linalg.cython_blas  # noqa: F401  # numba's BLAS, which must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
