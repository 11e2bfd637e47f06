"""The connection to a model's endpoint: limits on what it may send, and breaking it off from another thread.

An endpoint may be hostile. Its answers are limited in decoded bytes, so that a small compressed body cannot fill the
memory, in the values of one JSON document and in time.
"""

import random
import socket
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Iterator
from typing import Any

MAX_ANSWER_BYTES = 16 << 20
# The text of an error is cut to 200 characters, so the rest of its body is not read.
MAX_ERROR_BYTES = 64 << 10
# Python needs up to 80 bytes for a value of three characters of JSON. An answer may hold this many separators.
MAX_JSON_VALUES = 1 << 18
# Seconds before another try, where the endpoint does not name them: doubled each time, up to the second.
PAUSE, LONGEST_PAUSE = 0.5, 60.0


class TooLongError(ValueError):
    """An endpoint sent more than it may; the message continues "HOST sent"."""


class Connections:
    """The open sockets of an HTTP client, so that another thread can end its waiting."""

    def __init__(self) -> None:
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()
        self.interrupted = threading.Event()

    def watch(self, request: Any) -> None:
        """Request hook of the HTTP library: note the sockets that this request opens."""
        request.extensions = {**request.extensions, "trace": self._trace}

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if not event.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        opened = info["return_value"].get_extra_info("socket")
        if isinstance(opened, socket.socket):
            with self._lock:
                self._sockets.add(opened)
            if self.interrupted.is_set():
                _shut_down(opened)

    def interrupt(self) -> None:
        """Shut all sockets down, so that every thread that waits for one gets an error at once.

        They are not closed here: the number of a closed file may be given to another connection while a thread still
        reads from it.
        """
        self.interrupted.set()
        with self._lock:
            opened = list(self._sockets)
        for each in opened:
            _shut_down(each)


def _shut_down(opened: socket.socket) -> None:
    try:
        # `SSLSocket.shutdown` would take the TLS state away from the thread that reads.
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:  # not connected any more
        pass


def limiting_hook(http: Any, seconds: float) -> Callable[[Any], None]:
    """A response hook of the HTTP library that limits the body: `seconds`, `MAX_ANSWER_BYTES`, `MAX_JSON_VALUES`.

    The library's own time-out runs from byte to byte only, and it decompresses without a limit. An error's body is cut
    at `MAX_ERROR_BYTES` instead.

    Args:
        http: the module of the HTTP library.
        seconds: time until the whole body must have come.
    """

    class Bounded(http.SyncByteStream):  # type: ignore[misc]
        def __init__(self, response: Any):
            self.body, self.deadline = response.stream, time.monotonic() + seconds
            self.is_error = response.status_code >= 400
            self.limit = MAX_ERROR_BYTES if self.is_error else MAX_ANSWER_BYTES
            self.by_line = "event-stream" in response.headers.get("content-type", "")
            self.encoding = response.headers.get("content-encoding", "").strip().lower()
            if self.encoding in ("gzip", "x-gzip", "deflate"):
                del response.headers["content-encoding"]  # decoded here
            elif self.encoding in ("", "identity"):
                self.encoding = ""

        def __iter__(self) -> Iterator[bytes]:
            size = values = 0
            for chunk in self._decoded():
                if time.monotonic() > self.deadline:
                    raise http.ReadTimeout("the answer took too long")
                if size + len(chunk) > self.limit:
                    if self.is_error:
                        yield chunk[: self.limit - size]
                        return
                    raise TooLongError(f"more than {MAX_ANSWER_BYTES >> 20} MiB")
                size += len(chunk)
                if self.by_line and b"\n" in chunk:
                    # Each line of a stream is a document of its own.
                    values, chunk_rest = 0, chunk.rpartition(b"\n")[2]
                else:
                    chunk_rest = chunk
                values += sum(map(chunk_rest.count, (b"[", b"{", b",")))
                if values > MAX_JSON_VALUES:
                    raise TooLongError(f"JSON of more than {MAX_JSON_VALUES} values")
                yield chunk

        def _decoded(self) -> Iterator[bytes]:
            """The body without its compression, in pieces of at most 64 KiB if it was compressed."""
            if not self.encoding:
                yield from self.body
                return
            if self.encoding not in ("gzip", "x-gzip", "deflate"):
                raise TooLongError(f"an answer in the encoding {self.encoding[:20]!r}, which was not asked for")
            # 32 + 15: gzip or zlib, as the body's header says.
            inflate = zlib.decompressobj(47)
            for chunk in self.body:
                try:
                    while chunk and not inflate.eof:
                        yield inflate.decompress(chunk, 64 << 10)
                        chunk = inflate.unconsumed_tail
                except zlib.error:
                    raise TooLongError("a body that is not the compressed data that its header announces") from None

        def close(self) -> None:
            self.body.close()

    def bound(response: Any) -> None:
        response.stream = Bounded(response)

    return bound


def pause_before_retry(response: Any, number: int) -> float:
    """Seconds before the next try: what the endpoint asks for, if that is bearable, else growing by themselves."""
    headers = getattr(response, "headers", {})
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            asked = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0.0 < asked <= LONGEST_PAUSE:
            return asked
    return min(PAUSE * 2.0**number, LONGEST_PAUSE) * random.uniform(0.75, 1.0)
