"""Tables of the history for a person's own data: uploaded tables, and what was discovered in them."""

import time
from typing import Any

from sqlalchemy import JSON, Float, LargeBinary, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from gedanken.serve.web.history import INTERRUPTED, RUNNING, Base, History, Server


class Dataset(Base):
    """An uploaded table. `owner` is the hash of a token; `roles` is what was said of its columns."""

    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created: Mapped[float] = mapped_column(Float, index=True)
    name: Mapped[str] = mapped_column(String(200))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    roles: Mapped[dict[str, Any]] = mapped_column(JSON)
    owner: Mapped[str | None] = mapped_column(String(64))


class Discovery(Base):
    """A discovery. `dataset` is the table's id where it is about an uploaded one; `server` is where it runs."""

    __tablename__ = "discoveries"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created: Mapped[float] = mapped_column(Float, index=True)
    ended: Mapped[float | None] = mapped_column(Float)
    status: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    dataset: Mapped[str | None] = mapped_column(String(32), index=True)
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(String(32))
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    archive: Mapped[bytes | None] = mapped_column(LargeBinary)
    owner: Mapped[str | None] = mapped_column(String(64))
    server: Mapped[str | None] = mapped_column(String(32))


class OwnData:
    """The two tables. Methods may be called from any thread; rows that are returned are detached."""

    def __init__(self, history: History):
        self._history = history

    def add_dataset(self, **columns: Any) -> None:
        """Record a table."""
        with self._history.writing() as session:
            session.add(Dataset(created=time.time(), **columns))

    def dataset(self, identity: str) -> Dataset | None:
        """A table; None if there is none of that id."""
        with self._history.reading() as session:
            return session.get(Dataset, identity)

    def count_datasets(self) -> int:
        """How many tables there are."""
        with self._history.reading() as session:
            return session.scalar(select(func.count()).select_from(Dataset)) or 0

    def set_roles(self, identity: str, roles: dict[str, Any]) -> None:
        """Record what was said of a table's columns."""
        with self._history.writing() as session:
            session.execute(update(Dataset).where(Dataset.id == identity).values(roles=roles))

    def delete_dataset(self, identity: str) -> None:
        """Delete a table, and what was discovered in it and has ended."""
        with self._history.writing() as session:
            session.execute(delete(Discovery).where(Discovery.dataset == identity, Discovery.status != RUNNING))
            session.execute(delete(Dataset).where(Dataset.id == identity))

    def expire(self, before: float) -> None:
        """Delete what is older."""
        with self._history.writing() as session:
            session.execute(delete(Discovery).where(Discovery.created < before, Discovery.status != RUNNING))
            session.execute(delete(Dataset).where(Dataset.created < before))

    def begin(self, **columns: Any) -> None:
        """Record a discovery as running on this server."""
        with self._history.writing() as session:
            session.add(Discovery(status=RUNNING, created=time.time(), server=self._history.server, **columns))

    def end(self, identity: str, **columns: Any) -> None:
        """Record the end of a discovery."""
        with self._history.writing() as session:
            session.execute(update(Discovery).where(Discovery.id == identity).values(ended=time.time(), **columns))

    def discovery(self, identity: str) -> Discovery | None:
        """A discovery; None if there is none of that id. One whose server has ended is interrupted."""
        with self._history.writing() as session:
            found = session.get(Discovery, identity)
            if found is not None and found.status == RUNNING and session.get(Server, found.server) is None:
                found.status, found.code, found.ended = INTERRUPTED, "interrupted", time.time()
                found.error = "the server was stopped during this discovery"
            return found

    def delete_discovery(self, identity: str) -> None:
        """Delete a discovery."""
        with self._history.writing() as session:
            session.execute(delete(Discovery).where(Discovery.id == identity))
