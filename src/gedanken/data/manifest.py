"""`manifest.json`: what a data set's folder holds, what made it, and the checksum of every file.

It is written before the first shard and after each, always as a whole. A shard that it does not list does not count, so
that a run may be killed at any moment. It holds no time and no host: two runs of a plan write the same bytes.
"""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from gedanken.data import schema
from gedanken.data.places import is_remote
from gedanken.data.shards import Plan, Receipt
from gedanken.errors import UserError
from gedanken.files import TEMPORARY, write_atomically

NAME = "manifest.json"
FORMAT = "gedanken-rigid"


@dataclass(frozen=True)
class Manifest:
    """The content of `manifest.json`.

    Attributes:
        made_by: `generate` or `import`.
        plan: fields of the `Plan`; for an import, the source files with their checksums.
        versions: of everything that decides a byte; see `provenance`.
        total: how many shards there are to be.
        shards: receipts of those that are there, by number.
        schema: version of the columns.
    """

    made_by: str
    plan: dict[str, Any]
    versions: dict[str, str]
    total: int
    shards: dict[int, Receipt] = field(default_factory=dict)
    schema: int = schema.VERSION

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
            "schema": self.schema,
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
    if content.get("schema") not in schema.READABLE:
        readable = " and ".join(map(str, schema.READABLE))
        raise UserError(f"{folder} has schema version {content.get('schema')}; this gedanken reads {readable}")
    try:
        shards = {
            int(entry["number"]): Receipt(entry["file"], entry["scenes"], entry["bytes"], entry["sha256"])
            for entry in content["shards"]
        }
        made_by, plan, versions, total = (content[name] for name in ("made_by", "plan", "versions", "total"))
        version = int(content["schema"])
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged: {type(error).__name__} {error}") from error
    if any(Path(receipt.file).name != receipt.file for receipt in shards.values()):
        raise UserError(f"{path} names a file outside its folder")
    return Manifest(made_by, plan, versions, total, shards, version)


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
        present = _present(folder)
    except OSError as error:
        raise UserError(f"{folder} cannot be written to: {error.strerror or error}") from error
    if NAME not in present:
        if present:
            raise UserError(f"{folder} is not empty and has no {NAME}; give another --out")
        fresh.write(folder)
        return fresh
    begun = read(folder)
    grown = _grown(begun, fresh)
    if begun.made_by != fresh.made_by or (begun.plan != fresh.plan and grown is None):
        raise UserError(f"{folder} holds another data set ({_difference(begun, fresh)}); give another --out")
    if not begun.shards:
        fresh.write(folder)
        return fresh
    if grown is not None and not resume:
        more = f"{begun.plan['scenes']:,} scenes of this plan, not {fresh.plan['scenes']:,}"
        raise UserError(f"{folder} holds {more}; add --resume to go on from them")
    if not resume:
        state = "complete" if begun.complete else f"begun ({len(begun.shards)} of {begun.total} shards)"
        raise UserError(f"{folder} holds this data set already, {state}; add --resume to go on with it")
    # The text is rendered when it is asked for; no shard depends on it.
    changed = [name for name in fresh.versions if name != "text" and begun.versions.get(name) != fresh.versions[name]]
    if changed:
        changes = ", ".join(f"{name} {begun.versions.get(name)} is now {fresh.versions[name]}" for name in changed)
        raise UserError(
            f"{folder} was begun with other versions ({changes}): its shards may not match; give another --out"
        )
    if begun.schema != fresh.schema:
        raise UserError(f"{folder} was begun with columns of version {begun.schema}; give another --out")
    if not is_remote(folder):
        for leftover in folder.glob(f".*{TEMPORARY}"):
            leftover.unlink(missing_ok=True)
    unharmed = {number: receipt for number, receipt in begun.shards.items() if damage(folder, receipt) is None}
    if grown is not None:
        # The last shard may have to be made again, with more scenes.
        unharmed = {k: receipt for k, receipt in unharmed.items() if receipt.scenes == len(grown.numbers(k))}
        return replace(fresh, shards=unharmed)
    return replace(begun, shards=unharmed)


def _present(folder: Any) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if not path.name.endswith(TEMPORARY)]
    except FileNotFoundError:  # a store that has no empty folders
        return []


def _grown(begun: Manifest, fresh: Manifest) -> Plan | None:
    """The plan, if it only has more scenes than what was begun: a longer plan begins with the same scenes."""
    if begun.made_by != "generate" or fresh.made_by != "generate":
        return None
    before, after = ({**plan, "scenes": 0} for plan in (begun.plan, fresh.plan))
    more = fresh.plan.get("scenes", 0) > begun.plan.get("scenes", 0)
    return plan_of(fresh) if more and before == after else None


def _difference(begun: Manifest, fresh: Manifest) -> str:
    if begun.made_by != fresh.made_by:
        return f"made by {begun.made_by}"
    for name in fresh.plan:
        if begun.plan.get(name) != fresh.plan[name]:
            there, here = (f"{plan.get(name)}" for plan in (begun.plan, fresh.plan))
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
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return f"{path} is missing"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return None if checksum == receipt.sha256 else f"{path} does not have the checksum of the manifest"


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
