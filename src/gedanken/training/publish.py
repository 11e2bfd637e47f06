"""The files of a run that go to the Hugging Face Hub: the model, its card, its curves and its measurements."""

from pathlib import Path

import orjson

from gedanken import hub
from gedanken.errors import UserError
from gedanken.models.loading import SMOLLM2
from gedanken.training.run import CONFIG, METRICS, RunFolder

# The short name is known to this package only; on the Hub an adapter names its base as the Hub does.
BASES = {"smollm2": SMOLLM2}
# File of the run's folder -> its name on the Hub, where `config.json` is the model's own.
BESIDE = {"README.md": "README.md", "curves.png": "curves.png", METRICS: METRICS, CONFIG: "run.json"}
ADAPTER = "adapter_config.json"


def list_files(folder: Path) -> dict[str, Path | bytes]:
    """Every file that `push` sends of a run: the adapter or model, the merged model, card, curves and measurements.

    Raises:
        UserError: the folder is no run's, the run has not come to its end, or its adapter's base is a local folder.
    """
    run = RunFolder(folder)
    run.config()
    if not run.model.is_dir():
        raise UserError(f"{folder} has no model yet; go on with the run by --resume")
    files: dict[str, Path | bytes] = {
        target: folder / name for name, target in BESIDE.items() if (folder / name).is_file()
    }
    for place, prefix in ((run.model, ""), (folder / "merged", "merged/")):
        for path in sorted(place.rglob("*")):
            if path.is_file():
                files[f"{prefix}{path.relative_to(place).as_posix()}"] = path
    if ADAPTER in files:
        files[ADAPTER] = _rename_base(run.model / ADAPTER)
    return files


def push(folder: Path, repository: str, dry_run: bool = False, private: bool = False) -> list[str]:
    """Upload a run's result as a model of the Hub; a line for each file, and the address.

    Args:
        folder: the run's folder.
        repository: `OWNER/NAME`.
        dry_run: say what would be sent and how large it is; nothing is sent, and no network is needed.
        private: make the repository private, where it is new.

    Raises:
        UserError: there is nothing fit to upload, or the Hub refuses.
    """
    hub.check_repository(repository, "--hub-repo-id")
    files = list_files(folder)
    if dry_run:
        return hub.describe(files, f"would go to {repository}")
    message = "Add the result of a training run of gedanken"
    address = hub.upload(files, repository, data_set=False, message=message, private=private)
    return hub.describe(files, f"went to {address}")


def _rename_base(path: Path) -> bytes:
    """The adapter's configuration with its base's name on the Hub."""
    content = path.read_bytes()
    config = orjson.loads(content)
    base = config.get("base_model_name_or_path")
    if base in BASES:
        config["base_model_name_or_path"] = BASES[base]
        return orjson.dumps(config, option=orjson.OPT_INDENT_2)
    if base and Path(base).exists():
        raise UserError(
            f"the adapter's base {base} is a folder of this machine, which nobody else has; train from its Hub id"
        )
    return content
