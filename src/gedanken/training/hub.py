"""A run's result on its way to the Hugging Face Hub."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gedanken.errors import UserError
from gedanken.models.loading import SMOLLM2
from gedanken.training.run import CONFIG, METRICS, RunFolder

# The short name is known to this package only; on the Hub an adapter names its base as the Hub does.
BASES = {"smollm2": SMOLLM2}
# Beside the model: where a file of the run's folder goes. Its configuration must not pass for the model's.
BESIDE = {"README.md": "README.md", "curves.png": "curves.png", METRICS: METRICS, CONFIG: "run.json"}


@dataclass(frozen=True)
class Upload:
    """One file that goes to the Hub: `content` for what is changed on the way, else the file at `source`."""

    path: str
    source: Path
    content: bytes | None = None

    @property
    def bytes(self) -> int:
        """Size in bytes."""
        return self.source.stat().st_size if self.content is None else len(self.content)


def uploads(folder: Path) -> list[Upload]:
    """Every file that `push` sends of a run: the adapter or model, the merged model, card, curves and measurements.

    Raises:
        UserError: the folder is no run's, or the run has not come to its end.
    """
    run = RunFolder(folder)
    run.config()
    if not run.model.is_dir():
        raise UserError(f"{folder} has no model yet; go on with the run by --resume")
    found = [Upload(target, folder / name) for name, target in BESIDE.items() if (folder / name).is_file()]
    for place, prefix in ((run.model, ""), (folder / "merged", "merged/")):
        found += [
            Upload(f"{prefix}{path.relative_to(place).as_posix()}", path)
            for path in sorted(place.rglob("*"))
            if path.is_file()
        ]
    return [_rename_base(upload) if upload.path == "adapter_config.json" else upload for upload in found]


def push(folder: Path, repo_id: str, dry_run: bool = False, private: bool = False) -> list[str]:
    """Upload a run's result as a model of the Hub; a line for each file, and the address.

    Args:
        folder: the run's folder.
        repo_id: `OWNER/NAME`.
        dry_run: say what would be sent and how large it is; nothing is sent, and no network is needed.
        private: make the repository private, where it is new.

    Raises:
        UserError: there is nothing fit to upload, or the Hub refuses.
    """
    owner, slash, name = repo_id.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise UserError(f"--hub-repo-id wants OWNER/NAME, not {repo_id!r}")
    files = uploads(folder)
    lines = [f"{file.bytes:>14,}  {file.path}" for file in files]
    total = sum(file.bytes for file in files)
    if dry_run:
        return [*lines, f"{total:>14,}  bytes in {len(files)} files would go to {repo_id}"]
    try:
        from huggingface_hub import CommitOperationAdd, HfApi
        from huggingface_hub.errors import HTTPError
    except ImportError:
        raise UserError("huggingface_hub is not installed; pip install 'gedanken[train]'") from None
    hub = HfApi()
    operations: list[Any] = [
        CommitOperationAdd(file.path, str(file.source) if file.content is None else file.content) for file in files
    ]
    try:
        hub.create_repo(repo_id, private=private, exist_ok=True)
        hub.create_commit(repo_id, operations, commit_message="Add what a run of gedanken made")
    except (HTTPError, OSError, ValueError) as error:
        raise UserError(f"the Hub did not take {repo_id}: {(str(error) or repr(error)).splitlines()[0]}") from error
    return [*lines, f"{total:>14,}  bytes in {len(files)} files went to https://huggingface.co/{repo_id}"]


def _rename_base(upload: Upload) -> Upload:
    """The adapter's configuration with its base's name on the Hub."""
    config = orjson.loads(upload.source.read_bytes())
    base = config.get("base_model_name_or_path")
    if base in BASES:
        config["base_model_name_or_path"] = BASES[base]
        return Upload(upload.path, upload.source, orjson.dumps(config, option=orjson.OPT_INDENT_2))
    if base and Path(base).exists():
        raise UserError(
            f"the adapter's base {base} is a folder of this machine, which nobody else has; train from its Hub id"
        )
    return upload
