"""`manifest.json`: what a data set's folder holds, what made it, and the checksum of every file.

It is written before the first shard and after each, always as a whole. A shard that it does not list does not count, so
that a run may be killed at any moment. It holds no time and no host: two runs of a plan write the same bytes.
"""

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson

import gedanken
from gedanken.data import schema
from gedanken.data.shards import Plan, Receipt
from gedanken.errors import UserError
from gedanken.files import TEMPORARY, write_atomically
from gedanken.versions import versions as versions_of

NAME = "manifest.json"
FORMAT = "gedanken-rigid"


@dataclass(frozen=True)
class Manifest:
    """The content of `manifest.json`.

    Attributes:
        made_by: `generate` or `import`.
        plan: fields of the `Plan`; for an import, the source files with their checksums.
        versions: of everything that decides a byte.
        total: how many shards there are to be.
        shards: receipts of those that are there, by number.
    """

    made_by: str
    plan: dict[str, Any]
    versions: dict[str, str]
    total: int
    shards: dict[int, Receipt] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every shard is there."""
        return len(self.shards) == self.total

    @property
    def scenes(self) -> int:
        """Scenes in the shards that are there."""
        return sum(receipt.scenes for receipt in self.shards.values())

    @property
    def bytes(self) -> int:
        """Bytes of the shards that are there."""
        return sum(receipt.bytes for receipt in self.shards.values())

    def receipts(self) -> list[Receipt]:
        """The receipts in the order of the shards."""
        return [self.shards[number] for number in sorted(self.shards)]

    def with_shard(self, number: int, receipt: Receipt) -> "Manifest":
        """The same manifest with one shard more."""
        return replace(self, shards={**self.shards, number: receipt})

    def write(self, folder: Path) -> None:
        """Put it into the folder, in one step."""
        content = {
            "format": FORMAT,
            "schema": schema.VERSION,
            "made_by": self.made_by,
            "complete": self.complete,
            "plan": self.plan,
            "versions": self.versions,
            "total": self.total,
            "shards": [{"number": number, **self.shards[number].as_json()} for number in sorted(self.shards)],
        }
        write_atomically(folder / NAME, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def read(folder: Path) -> Manifest:
    """The manifest of a folder.

    Raises:
        UserError: there is none, it is damaged, or this version cannot read the data set.
    """
    path = folder / NAME
    try:
        content = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        reason = "there is no such folder" if not folder.is_dir() else f"it has no {NAME}"
        raise UserError(f"{folder} is not a data set: {reason}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path} is not the manifest of a rigid data set")
    if content.get("schema") != schema.VERSION:
        raise UserError(f"{folder} has schema version {content.get('schema')}; this gedanken reads {schema.VERSION}")
    try:
        shards = {
            int(entry["number"]): Receipt(entry["file"], entry["scenes"], entry["bytes"], entry["sha256"])
            for entry in content["shards"]
        }
        made_by, plan, versions, total = (content[name] for name in ("made_by", "plan", "versions", "total"))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged: {type(error).__name__} {error}") from error
    if any(Path(receipt.file).name != receipt.file for receipt in shards.values()):
        raise UserError(f"{path} names a file outside its folder")
    return Manifest(made_by, plan, versions, total, shards)


@cache
def versions() -> dict[str, str]:
    """Versions of everything that decides a byte of a shard, and of the text that is rendered from it.

    `code` is a hash over the sources of the rigid world and of the shard writer, `text` one over its formats: the
    package's version alone would not tell a changed scenario.
    """
    root = Path(gedanken.__file__).parent
    world = root / "worlds" / "rigid"
    formats = sorted((world / "text").glob("*.py"))
    shown = {*formats, world / "draw.py", world / "picture.py"}
    deciding = [path for path in sorted(world.rglob("*.py")) if path not in shown]
    return {
        **versions_of("gedanken"),
        "code": _hash(root, [*deciding, root / "data" / "schema.py", root / "data" / "shards.py"]),
        "text": _hash(root, formats),
        **versions_of("pymunk", "numpy", "numba", "pyarrow"),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "machine": platform.machine(),
    }


def _hash(root: Path, sources: Sequence[Path]) -> str:
    content = hashlib.sha256()
    for path in sources:
        content.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:16]


def begin(folder: Path, fresh: Manifest, resume: bool) -> Manifest:
    """Open a folder for writing: a new one, or one that holds an unfinished run of the same plan.

    Args:
        folder: made when it is not there.
        fresh: what the manifest is when nothing is done yet.
        resume: continue where a run of the same plan stopped.

    Returns:
        The manifest to go on from; shards it lists are there and unharmed.

    Raises:
        UserError: the folder holds something else; nothing in it is touched.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = [path.name for path in folder.iterdir() if not path.name.endswith(TEMPORARY)]
    except OSError as error:
        raise UserError(f"{folder} cannot be written to: {error.strerror}") from error
    if NAME not in present:
        if present:
            raise UserError(f"{folder} is not empty and has no {NAME}; give another --out")
        fresh.write(folder)
        return fresh
    found = read(folder)
    if found.made_by != fresh.made_by or found.plan != fresh.plan:
        raise UserError(f"{folder} holds another data set ({_difference(found, fresh)}); give another --out")
    if not found.shards:
        fresh.write(folder)
        return fresh
    if not resume:
        state = "complete" if found.complete else f"begun ({len(found.shards)} of {found.total} shards)"
        raise UserError(f"{folder} holds this data set already, {state}; add --resume to go on with it")
    # The text is rendered when it is asked for; no shard depends on it.
    changed = [name for name in fresh.versions if name != "text" and found.versions.get(name) != fresh.versions[name]]
    if changed:
        told = ", ".join(f"{name} {found.versions.get(name)} is now {fresh.versions[name]}" for name in changed)
        raise UserError(f"{folder} was begun with other versions ({told}): its shards would not match; start anew")
    for leftover in folder.glob(f".*{TEMPORARY}"):
        leftover.unlink(missing_ok=True)
    whole = {number: receipt for number, receipt in found.shards.items() if damage(folder, receipt) is None}
    return replace(found, shards=whole)


def _difference(found: Manifest, fresh: Manifest) -> str:
    if found.made_by != fresh.made_by:
        return f"made by {found.made_by}"
    for name in fresh.plan:
        if found.plan.get(name) != fresh.plan[name]:
            there, here = (f"{plan.get(name)}" for plan in (found.plan, fresh.plan))
            if len(there) + len(here) > 80:
                return f"its {name} differ"
            return f"its {name} is {there}, not {here}"
    return "its plan differs"


def damage(folder: Path, receipt: Receipt) -> str | None:
    """What is wrong with a shard's file, or None."""
    path = folder / receipt.file
    try:
        size = path.stat().st_size
        if size != receipt.bytes:
            return f"{path} has {size} bytes, not {receipt.bytes}"
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return f"{path} is missing"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return None if found == receipt.sha256 else f"{path} does not have the checksum of the manifest"


def plan_of(manifest: Manifest) -> Plan:
    """The plan of a generated data set.

    Raises:
        UserError: it was not generated, or its plan is damaged.
    """
    if manifest.made_by != "generate":
        raise UserError("this data set was imported: there is no plan to simulate it again from")
    try:
        return Plan(**manifest.plan)
    except TypeError as error:
        raise UserError(f"the plan in {NAME} is damaged: {error}") from error
