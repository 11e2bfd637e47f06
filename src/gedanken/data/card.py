"""The data card of a rigid data set, and its way to the Hugging Face Hub."""

from collections.abc import Sequence
from pathlib import Path

from gedanken import hub
from gedanken.data import manifest, schema
from gedanken.data.manifest import Manifest
from gedanken.data.verify import verify
from gedanken.errors import UserError
from gedanken.markdown import table

SPLITS = {"train": "train", "val": "validation", "test": "test", "imported": "train"}
"""Split -> the Hub's name for it."""

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def split_of(found: Manifest) -> str:
    """The split of a data set."""
    return str(found.plan.get("split", "imported"))


def write_card(folders: Sequence[Path], repo: str, license: str = "mit") -> str:
    """The README of a data set on the Hub, with its YAML front matter, from the manifests."""
    found = [manifest.read(folder) for folder in folders]
    scenes, size = sum(one.scenes for one in found), sum(one.bytes for one in found)
    category = next((name for bound, name in SIZES if scenes < bound), "n>1M")
    lines = [
        "---",
        f"pretty_name: {repo.split('/')[-1]}",
        f"license: {license}",
        "task_categories:",
        "- time-series-forecasting",
        "- text-generation",
        "tags:",
        *(f"- {tag}" for tag in ("physics", "simulation", "rigid-body", "gedanken")),
        f"size_categories:\n- {category}",
        "configs:",
        "- config_name: default",
        "  data_files:",
    ]
    for one in found:
        lines += [f"  - split: {SPLITS[split_of(one)]}", f"    path: data/{split_of(one)}/shard-*.parquet"]
    lines += ["---", "", f"# {repo.split('/')[-1]}", ""]
    lines.append(
        f"{scenes:,} two-dimensional rigid-body scenes with every frame of their simulation, {size / 1e6:,.1f} MB."
    )
    rows = []
    for one in found:
        plan = one.plan
        told = ", ".join(plan.get("scenarios", [])) or plan.get("source", "")
        levels = ", ".join(map(str, plan.get("levels", [])))
        made_by = f"gedanken {one.versions['gedanken']}, pymunk {one.versions['pymunk']}"
        frames, labels = plan.get("frames", ""), plan.get("labels", "raw")
        rows.append([SPLITS[split_of(one)], f"{one.scenes:,}", told, levels, frames, labels, made_by])
    lines += ["", *table(["split", "scenes", "scenarios", "levels", "frames", "positions", "made by"], rows)]
    columns = ([f"`{field.name}`", field.type] for field in schema.SCHEMA)
    lines += ["", "## Columns", "", *table(["column", "type"], columns)]
    lines += ["", "## Frames", "", (schema.__doc__ or "").split("\n\n", 1)[1].strip(), "", "## Use", ""]
    lines += [
        "```python",
        "from datasets import load_dataset",
        "from gedanken.data.dataset import Sample",
        "",
        f'rows = load_dataset("{repo}", split="{SPLITS[split_of(found[0])]}")',
        "sample = Sample.of(rows[0])",
        "sample.states   # (frames, bodies, 6): x, y, vx, vy, angle, spin",
        "sample.scene    # sizes, masses, walls, joints, fields",
        "```",
        "",
        "`manifest.json` beside the shards names the versions that made every byte, and their checksums.",
        "",
    ]
    return "\n".join(lines)


def list_files(folders: Sequence[Path], repo: str, license: str = "mit") -> dict[str, Path | bytes]:
    """Every file that `push` would upload: name on the Hub -> the file here, or its content; the card is the first.

    Raises:
        UserError: a data set is unfinished or damaged, two are of one split, or they share a scene.
    """
    hub.check_repository(repo, "--repo")
    splits = [split_of(manifest.read(folder)) for folder in folders]
    if len(set(splits)) < len(splits):
        raise UserError(f"two of the data sets are the same split ({', '.join(splits)})")
    for report in verify(folders, sample=0)["data_sets"]:
        if report["faults"]:
            raise UserError(f"{report['folder']} cannot be published: {report['faults'][0]}")
    files: dict[str, Path | bytes] = {"README.md": write_card(folders, repo, license).encode()}
    for folder, split in zip(folders, splits, strict=True):
        for name in (manifest.NAME, *(receipt.file for receipt in manifest.read(folder).receipts())):
            files[f"data/{split}/{name}"] = folder / name
    return files


def push(folders: Sequence[Path], repo: str, license: str = "mit", private: bool = False) -> str:
    """Upload data sets, one a split, as one data set of the Hub; its address.

    Raises:
        UserError: there is nothing fit to upload, or the Hub refuses.
    """
    files = list_files(folders, repo, license)
    return hub.upload(files, repo, data_set=True, message="Add scenes", private=private)
