"""Uploaded tables: kept in the history under unguessable ids, read again whenever their roles change."""

import secrets
import time
import zlib
from collections import OrderedDict
from typing import Any

from gedanken.errors import UserError
from gedanken.loop import Problem, Task
from gedanken.own_data.record import Record
from gedanken.serve.guard import MAX_DEPTH, nesting
from gedanken.serve.web import own_data
from gedanken.serve.web.history import History
from gedanken.serve.web.records import Dataset, OwnData
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import BusyError, Rate, Slots
from gedanken.serve.web.wire import DiscoveryRequest, RolesRequest
from gedanken.tasks.discover.task import DiscoverTask

# Bytes that a compressed table may unpack to, columns, and rows times columns of a Parquet file.
UNPACKED, COLUMNS, CELLS = 20_000_000, 2000, 5_000_000
# Where JSON files may be nested: a list of objects of numbers has three levels.
FILE_DEPTH = 20
# Records of tables that laws are tried on.
READ = 32


class Datasets:
    """Keeps tables and reads them. Methods may be called from any thread."""

    def __init__(self, settings: Settings, history: History):
        self.settings, self.store = settings, OwnData(history)
        self.uploads = Rate("tables sent", settings.client_datasets, 3600.0)
        self.reading = Slots("tables being read", 4, 8)
        self._problems: OrderedDict[str, Problem] = OrderedDict()

    @property
    def keep_seconds(self) -> float | None:
        """How long tables are kept; None for ever, on a server of one's own."""
        return self.settings.keep_days * 86400.0 if self.settings.hosted else None

    def expire(self) -> None:
        """Delete what has been kept long enough."""
        if self.keep_seconds is not None:
            self.store.expire(time.time() - self.keep_seconds)

    def add(self, client: str, name: str, data: bytes, owner: str | None) -> dict[str, Any]:
        """Keep a table; how it is read (`models.discoveries.Dataset`).

        Raises:
            UserError: it is no table.
            BusyError: the client sent too many, or the server keeps as many as it may.
        """
        self.expire()
        self.uploads.count(client)
        if self.store.count_datasets() >= self.settings.total_datasets:
            raise BusyError("this server keeps as many tables as it may; delete one, or come back in some days")
        name, data = _settle(name, data, self.settings.hosted)
        shown = self._show(client, name, data, {})
        identity = secrets.token_urlsafe(16)
        self.store.add_dataset(id=identity, name=name, data=data, roles={}, owner=owner)
        return self._complete(self.find(identity), shown)

    def find(self, identity: str) -> Dataset | None:
        """A table that is kept; None if there is none of that id."""
        found = self.store.dataset(identity)
        if found is not None and self.keep_seconds is not None and found.created < time.time() - self.keep_seconds:
            self.expire()
            return None
        return found

    def show(self, client: str, found: Dataset) -> dict[str, Any]:
        """How a table is read with its roles."""
        return self._complete(found, self._show(client, found.name, found.data, found.roles))

    def set_roles(self, client: str, found: Dataset, request: RolesRequest) -> dict[str, Any]:
        """Say what a table's columns are; how it is read then. Roles that cannot be used are kept and explained."""
        found.roles = request.model_dump(exclude_defaults=True)
        shown = self.show(client, found)
        self.store.set_roles(found.id, found.roles)
        self._problems.pop(found.id, None)
        return shown

    def delete(self, identity: str) -> None:
        """Delete a table with what was discovered in it."""
        self.store.delete_dataset(identity)
        self._problems.pop(identity, None)

    def record(self, request: DiscoveryRequest) -> tuple[Record, dict[str, Any]]:
        """The record that a discovery is about, and the roles that it is read with.

        Raises:
            UserError: there is no such table, or it cannot be used.
        """
        given: dict[str, Any] = {"hint": request.hint, "fit_until": request.fit_until, "hold_out": request.hold_out}
        if (request.dataset is None) == (request.example is None):
            raise UserError("a discovery is about a dataset or an example: name one of the two")
        if request.example is not None:
            if not own_data.is_example(request.example):
                raise UserError(f"there is no example {request.example!r}")
            return own_data.read(request.example, {}, **given), {}
        found = self.find(str(request.dataset))
        if found is None:
            raise UserError("there is no dataset of this id")
        with own_data.on_disk(found.name, found.data) as path:
            return own_data.read(str(path), found.roles, **given), dict(found.roles)

    def pose(self, dataset: str | None, example: str | None) -> tuple[Task, Problem]:
        """The problem that a table or an example poses as a whole.

        Raises:
            UserError: there is no such table, or it cannot be used.
        """
        key = str(dataset or f" {example}")  # a blank is in no id
        problem = self._problems.get(key)
        if problem is None:
            record, _ = self.record(DiscoveryRequest.model_validate({"dataset": dataset, "example": example}))
            problem = self._problems[key] = record.problem
            while len(self._problems) > READ:
                self._problems.popitem(last=False)
        return DiscoverTask(), problem

    def _show(self, client: str, name: str, data: bytes, roles: dict[str, Any]) -> dict[str, Any]:
        [slot] = self.reading.take(client)
        try:
            with own_data.on_disk(name, data) as path:
                return own_data.show_table(path, roles)
        finally:
            slot.free()

    def _complete(self, found: Dataset | None, shown: dict[str, Any]) -> dict[str, Any]:
        assert found is not None
        expires = None if self.keep_seconds is None else found.created + self.keep_seconds
        return {"id": found.id, "name": found.name, "created": found.created, "expires": expires, **shown}


def _settle(name: str, data: bytes, hosted: bool) -> tuple[str, bytes]:
    """A file's name without its folder, and its content unpacked.

    Raises:
        UserError: it is small on the wire and large in memory, or in a form that this server does not read.
    """
    name = "".join(letter if letter.isprintable() else " " for letter in name.replace("\\", "/").rpartition("/")[2])
    name = name.strip().lstrip(".")[-100:] or "table.csv"
    if not data:
        raise UserError(f"{name} is empty")
    if data[:2] == b"\x1f\x8b":
        name, data = name.removesuffix(".gz"), _unpack(name, data)
    for ending in (".gz", ".bz2", ".zst", ".xz", ".lz4", ".br"):
        if name.lower().endswith(ending):
            raise UserError(f"{name} is compressed in a way that is not read here; send it as gzip or as it is")
    if data[:4] == b"PAR1" or name.lower().endswith((".parquet", ".pq")):
        _check_parquet(name, data, hosted)
        return name, data
    is_json = name.lower().endswith((".json", ".jsonl", ".ndjson"))
    if is_json and nesting(data) > min(FILE_DEPTH, MAX_DEPTH):
        raise UserError(f"{name} is nested more than {FILE_DEPTH} deep")
    if not is_json:
        longest = max(data[: 1 << 20].splitlines(), key=len, default=b"")
        if max(map(longest.count, (b",", b";", b"\t"))) >= COLUMNS:
            raise UserError(f"{name} has more than {COLUMNS} columns")
    return name, data


def _unpack(name: str, data: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=31)
    try:
        unpacked = inflate.decompress(data, UNPACKED)
    except zlib.error:
        raise UserError(f"{name} is a damaged gzip file") from None
    if not inflate.eof:
        raise UserError(f"{name} unpacks to more than {UNPACKED:,} bytes, or ends too early")
    return unpacked


def _check_parquet(name: str, data: bytes, hosted: bool) -> None:
    if hosted:
        # A decoder in C++ should not face strangers, and a file of 5 MB may say that it holds a billion rows.
        raise UserError(f"{name} is a Parquet file; this server reads CSV, TSV and JSON from strangers only")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.ParquetFile(pa.BufferReader(data)).metadata
    except (pa.ArrowException, OSError):
        return  # its reader says what is wrong
    if metadata.num_rows * metadata.num_columns > CELLS:
        raise UserError(f"{name} holds {metadata.num_rows * metadata.num_columns:,} cells; at most {CELLS:,} are read")
