"""Episodes on disk: SQLite beside the server by default, any database that SQLAlchemy speaks by URL.

A turn is committed before its event is sent, so what a client has seen survives the process. Keys of endpoints are not
stored.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Integer, String, Text, create_engine, event, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

from gedanken.errors import UserError

RUNNING, FINISHED, FAILED, CANCELLED, INTERRUPTED = "running", "finished", "failed", "cancelled", "interrupted"


class Base(DeclarativeBase):
    """The base class of the tables."""


class Episode(Base):
    """One player at one problem."""

    __tablename__ = "episodes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created: Mapped[float] = mapped_column(Float, index=True)
    ended: Mapped[float | None] = mapped_column(Float)
    status: Mapped[str] = mapped_column(String(16), index=True)
    comparison: Mapped[str | None] = mapped_column(String(32), index=True)
    side: Mapped[int] = mapped_column(Integer, default=0)
    problem: Mapped[dict[str, Any]] = mapped_column(JSON)
    player: Mapped[dict[str, Any]] = mapped_column(JSON)
    max_turns: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)
    turns: Mapped[list["Turn"]] = relationship(order_by="Turn.number", lazy="selectin")

    def to_dict(self, turns: bool = True) -> dict[str, Any]:
        """The episode as JSON-able data, with its turns or with their number."""
        shown: dict[str, Any] = {
            "id": self.id,
            "status": self.status,
            "created": self.created,
            "ended": self.ended,
            "comparison": self.comparison,
            "side": self.side,
            "problem": self.problem,
            "player": self.player,
            "max_turns": self.max_turns,
            "error": self.error,
            "best_reward": max((turn.verdict["reward"] for turn in self.turns), default=None),
            "solved": any(turn.verdict["solved"] for turn in self.turns),
        }
        return shown | ({"turns": [turn.to_dict() for turn in self.turns]} if turns else {"played": len(self.turns)})


class Turn(Base):
    """One answer, its verdict, and the data of its drawing."""

    __tablename__ = "turns"

    episode: Mapped[str] = mapped_column(ForeignKey("episodes.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    answer: Mapped[str] = mapped_column(Text)
    verdict: Mapped[dict[str, Any]] = mapped_column(JSON)
    drawing: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    seconds: Mapped[float] = mapped_column(Float)

    def to_dict(self) -> dict[str, Any]:
        """The turn as JSON-able data."""
        return {
            "number": self.number,
            "answer": self.answer,
            "verdict": self.verdict,
            "drawing": self.drawing,
            "seconds": self.seconds,
        }


class History:
    """The database. Methods may be called from any thread."""

    def __init__(self, url: str):
        """Open or create the database at an SQLAlchemy URL, and mark the episodes that a crash left running.

        Raises:
            UserError: it cannot be opened.
        """
        try:
            parsed = make_url(url)
            if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine = create_engine(parsed)
            if parsed.get_backend_name() == "sqlite":
                event.listen(self._engine, "connect", _set_up_sqlite)
            Base.metadata.create_all(self._engine)
        except (ArgumentError, SQLAlchemyError, ImportError, OSError) as error:
            shown = url if "@" not in url else url.partition("://")[0] + "://..."
            raise UserError(f"the history at {shown!r} cannot be opened ({type(error).__name__})") from None
        self._session = sessionmaker(self._engine, expire_on_commit=False)
        with self._writing() as session:
            session.execute(
                update(Episode)
                .where(Episode.status == RUNNING)
                .values(status=INTERRUPTED, error="the server was stopped during this episode", ended=time.time())
            )

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self._session.begin() as session:
            yield session

    def begin(self, **columns: Any) -> None:
        """Record an episode as running."""
        with self._writing() as session:
            session.add(Episode(status=RUNNING, created=time.time(), ended=None, error=None, **columns))

    def add_turn(self, **columns: Any) -> None:
        """Record a finished turn; it is on disk when this returns."""
        with self._writing() as session:
            session.add(Turn(**columns))

    def end(self, episode: str, status: str, error: str | None = None) -> None:
        """Record the end of an episode."""
        with self._writing() as session:
            session.execute(
                update(Episode).where(Episode.id == episode).values(status=status, error=error, ended=time.time())
            )

    def find(self, episode: str) -> dict[str, Any] | None:
        """An episode with its turns; None if there is none of that id."""
        with self._session() as session:
            row = session.get(Episode, episode)
            return None if row is None else row.to_dict()

    def compare(self, comparison: str) -> list[dict[str, Any]]:
        """The episodes of a comparison, left to right."""
        query = select(Episode).where(Episode.comparison == comparison).order_by(Episode.side)
        with self._session() as session:
            return [episode.to_dict() for episode in session.scalars(query)]

    def recent(self, limit: int, before: float | None = None) -> list[dict[str, Any]]:
        """The latest episodes, without their turns; `before` is the `created` of the last one seen."""
        query = select(Episode).order_by(Episode.created.desc()).limit(limit)
        if before is not None:
            query = query.where(Episode.created < before)
        with self._session() as session:
            return [episode.to_dict(turns=False) for episode in session.scalars(query)]

    def ping(self) -> None:
        """Run a query that checks the connection; raises the database's error."""
        with self._session() as session:
            session.execute(text("select 1"))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _set_up_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    # A write-ahead log allows reading during a write; with it, NORMAL loses nothing when the process is killed.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
