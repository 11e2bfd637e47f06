"""Episodes on disk: SQLite beside the server by default, any database that SQLAlchemy speaks by URL.

A turn is committed before its event is sent, so what a client has seen survives the process. Keys of endpoints are not
stored, and of an owner's token only the hash is.

Several servers may share a database. Each has a row with the time of its last sign of life, and each marks the running
episodes of those whose row is older than `LEASE_SECONDS` as interrupted. Servers on several machines need clocks that
agree to a few seconds.
"""

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Float,
    ForeignKey,
    Integer,
    String,
    Text,
    create_engine,
    delete,
    event,
    func,
    inspect,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload, sessionmaker

from gedanken.errors import UserError

RUNNING, FINISHED, FAILED, CANCELLED, INTERRUPTED = "running", "finished", "failed", "cancelled", "interrupted"

# A server that has not shown a sign of life for so long has ended; it shows one every `BEAT_SECONDS`.
LEASE_SECONDS, BEAT_SECONDS = 15.0, 5.0

# What is kept of a player.
PLAYER = ("name", "endpoint", "model", "temperature", "max_tokens")

_log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """The base class of the tables."""


class Server(Base):
    """One server that uses the database, and when it last showed a sign of life."""

    __tablename__ = "servers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    beat: Mapped[float] = mapped_column(Float)


class Episode(Base):
    """One player at one problem. `owner` is the hash of a token; `server` is where it is played.

    `problem` holds what names the problem and the `version` that posed it.
    """

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
    owner: Mapped[str | None] = mapped_column(String(64), index=True)
    server: Mapped[str | None] = mapped_column(String(32))
    code: Mapped[str | None] = mapped_column(String(32))
    peeked: Mapped[bool | None] = mapped_column(Boolean)
    turns: Mapped[list["Turn"]] = relationship(order_by="Turn.number", lazy="selectin")

    def to_dict(self, turns: bool = True) -> dict[str, Any]:
        """The episode as JSON-able data: `models.episodes.Episode` without what it shows, or `EpisodeRow`."""
        verdicts = [_complete(turn.verdict) for turn in self.turns]
        shown: dict[str, Any] = {
            "id": self.id,
            "status": self.status,
            "created": self.created,
            "ended": self.ended,
            "comparison": self.comparison,
            "side": self.side,
            "version": self.problem.get("version", ""),
            "problem": {name: value for name, value in self.problem.items() if name != "version"},
            "player": dict.fromkeys(PLAYER) | self.player,
            "max_turns": self.max_turns,
            "error": self.error,
            "code": self.code,
            "peeked": bool(self.peeked),
            "best_reward": max((verdict["reward"] for verdict in verdicts), default=None),
            "best_match": max((verdict["match"] for verdict in verdicts), default=None),
            "solved": any(verdict["solved"] for verdict in verdicts),
            "solved_in": next((number for number, each in enumerate(verdicts, 1) if each["solved"]), None),
            "played": len(verdicts),
        }
        return shown | ({"turns": [turn.to_dict() for turn in self.turns]} if turns else {})


def _complete(verdict: dict[str, Any]) -> dict[str, Any]:
    """A verdict with what older versions did not record."""
    return {
        "match": verdict.get("terms", {}).get("match", verdict["reward"]),
        "solved_at": 1.0,
        "weights": {},
        **verdict,
    }


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
            "verdict": _complete(self.verdict),
            # Drawings of older versions have no kind, and the page cannot draw them.
            "drawing": self.drawing if self.drawing and "kind" in self.drawing else None,
            "seconds": self.seconds,
        }


class History:
    """The database. Methods may be called from any thread."""

    def __init__(self, url: str):
        """Open or create the database at an SQLAlchemy URL, and mark the episodes that ended servers left running.

        Raises:
            UserError: it cannot be opened.
        """
        self.server = secrets.token_urlsafe(16)
        try:
            parsed = make_url(url)
            if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine = create_engine(parsed)
            if parsed.get_backend_name() == "sqlite":
                event.listen(self._engine, "connect", _set_up_sqlite)
            _create_tables(self._engine)
            self._session = sessionmaker(self._engine, expire_on_commit=False)
            self.beat()
        except (ArgumentError, SQLAlchemyError, ImportError, OSError) as error:
            shown = url if "@" not in url else url.partition("://")[0] + "://..."
            raise UserError(f"the history at {shown!r} cannot be opened ({type(error).__name__})") from None
        self._closed = threading.Event()
        self._beating = threading.Thread(target=self._keep_beating, name="history", daemon=True)
        self._beating.start()

    def beat(self) -> None:
        """Show a sign of life, and mark the episodes of servers that showed none for `LEASE_SECONDS`."""
        now = time.time()
        with self.writing() as session:
            session.merge(Server(id=self.server, beat=now))
            session.execute(delete(Server).where(Server.beat < now - LEASE_SECONDS))
            session.flush()
            session.execute(_interrupt(Episode.server.is_(None) | Episode.server.not_in(select(Server.id))))

    def _keep_beating(self) -> None:
        while not self._closed.wait(BEAT_SECONDS):
            try:
                self.beat()
            except SQLAlchemyError:
                _log.exception("the history did not take a sign of life")

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is committed at the end of the block."""
        with self._session.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that is not committed."""
        with self._session() as session:
            yield session

    def begin(self, **columns: Any) -> None:
        """Record an episode as running on this server."""
        with self.writing() as session:
            created = time.time()
            session.add(Episode(status=RUNNING, created=created, ended=None, error=None, server=self.server, **columns))

    def add_turn(self, **columns: Any) -> None:
        """Record a finished turn; it is on disk when this returns."""
        with self.writing() as session:
            session.add(Turn(**columns))

    def end(self, episode: str, status: str, error: str | None = None, code: str | None = None) -> None:
        """Record the end of an episode."""
        values = {"status": status, "error": error, "code": code, "ended": time.time()}
        with self.writing() as session:
            session.execute(update(Episode).where(Episode.id == episode).values(values))

    def mark_peeked(self, episode: str) -> None:
        """Record that a person looked at the opponent before the end."""
        with self.writing() as session:
            session.execute(update(Episode).where(Episode.id == episode).values(peeked=True))

    def delete(self, episode: str) -> bool:
        """Delete an episode that has ended, with its turns; returns whether there was one."""
        with self.writing() as session:
            found = session.scalar(select(Episode.id).where(Episode.id == episode, Episode.status != RUNNING))
            if found is not None:
                session.execute(delete(Turn).where(Turn.episode == episode))
                session.execute(delete(Episode).where(Episode.id == episode))
            return found is not None

    def find(self, episode: str) -> dict[str, Any] | None:
        """An episode with its turns; None if there is none of that id."""
        with self.reading() as session:
            row = session.get(Episode, episode)
            return None if row is None else row.to_dict()

    def compare(self, comparison: str) -> list[dict[str, Any]]:
        """The episodes of a comparison, left to right."""
        query = select(Episode).where(Episode.comparison == comparison).order_by(Episode.side)
        with self.reading() as session:
            return [episode.to_dict() for episode in session.scalars(query)]

    def owner(self, episode: str) -> str | None:
        """The hash of the token of an episode's owner; None if it has none or there is no such episode."""
        with self.reading() as session:
            return session.scalar(select(Episode.owner).where(Episode.id == episode))

    def recent(
        self, limit: int, before: float | None = None, owner: str | None = None, **filters: str | None
    ) -> list[dict[str, Any]]:
        """The latest episodes, without their turns.

        Args:
            limit: how many.
            before: the `created` of the last one seen.
            owner: the hash of a token: only that owner's.
            filters: `task`, `subject`, `status`, and `player`, a player's name or a model's; None counts as not given.
        """
        columns: dict[str, Any] = {
            "task": (Episode.problem["task"].as_string(),),
            "subject": (Episode.problem["subject"].as_string(),),
            "status": (Episode.status,),
            "player": (Episode.player["name"].as_string(), Episode.player["model"].as_string()),
        }
        query = select(Episode).options(_verdicts_only()).order_by(Episode.created.desc()).limit(limit)
        if before is not None:
            query = query.where(Episode.created < before)
        if owner is not None:
            query = query.where(Episode.owner == owner)
        for name, value in filters.items():
            if value is not None:
                query = query.where(or_(*(column == value for column in columns[name])))
        with self.reading() as session:
            return [episode.to_dict(turns=False) for episode in session.scalars(query)]

    def recent_comparisons(
        self, limit: int, before: float | None = None, owner: str | None = None
    ) -> list[dict[str, Any]]:
        """The latest comparisons with their episodes, without turns; arguments as in `recent`."""
        first = func.min(Episode.created)
        query = select(Episode.comparison).where(Episode.comparison.is_not(None))
        if owner is not None:
            query = query.where(Episode.owner == owner)
        query = query.group_by(Episode.comparison).order_by(first.desc()).limit(limit)
        if before is not None:
            query = query.having(first < before)
        with self.reading() as session:
            names = list(session.scalars(query))
            sides = select(Episode).options(_verdicts_only()).where(Episode.comparison.in_(names))
            episodes = [episode.to_dict(turns=False) for episode in session.scalars(sides.order_by(Episode.side))]
        rows = []
        for name in names:
            both = [episode for episode in episodes if episode["comparison"] == name]
            created = min(episode["created"] for episode in both)
            rows.append({"id": name, "created": created, "problem": both[0]["problem"], "episodes": both})
        return rows

    def ping(self) -> None:
        """Run a query that checks the connection; raises the database's error."""
        with self.reading() as session:
            session.execute(text("select 1"))

    def close(self) -> None:
        """Sign off and close every connection."""
        self._closed.set()
        self._beating.join()
        try:
            with self.writing() as session:
                session.execute(_interrupt(Episode.server == self.server))
                session.execute(delete(Server).where(Server.id == self.server))
        except SQLAlchemyError:  # another server does it when the lease has expired
            _log.exception("the history did not take the end of this server")
        self._engine.dispose()


def _verdicts_only() -> Any:
    """Of the turns, read the verdicts: drawings and answers are most of the data."""
    return selectinload(Episode.turns).load_only(Turn.episode, Turn.number, Turn.verdict)


def _interrupt(condition: Any) -> Any:
    """The statement that marks the running episodes of ended servers."""
    reason = "the server was stopped during this episode"
    values = {"status": INTERRUPTED, "error": reason, "code": "interrupted", "ended": time.time()}
    return update(Episode).where(Episode.status == RUNNING, condition).values(values)


def _create_tables(engine: Any) -> None:
    """Create what is missing: tables, and columns that an older version's tables lack."""
    for last_try in (False, True):
        try:
            Base.metadata.create_all(engine)
            present = {column["name"] for column in inspect(engine).get_columns("episodes")}
            with engine.begin() as connection:
                for column in Episode.__table__.columns:
                    if column.name not in present:
                        kind = column.type.compile(engine.dialect)
                        connection.execute(text(f"ALTER TABLE episodes ADD COLUMN {column.name} {kind}"))
            return
        except SQLAlchemyError:  # another server that starts now may have been faster
            if last_try:
                raise


def _set_up_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    # A write-ahead log allows reading during a write; with it, NORMAL loses nothing when the process is killed.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
