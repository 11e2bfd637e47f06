"""Slots: how much may run at a time, for each client and altogether. Rates: how often a client may ask."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from gedanken.errors import GedankenError


class BusyError(GedankenError):
    """Too much is running; the message says whose."""


class Slot:
    """The right to run one thing. It is given back once, by whoever is first to notice the end."""

    def __init__(self, slots: "Slots", client: str):
        self._slots, self._client, self._lock, self._free = slots, client, threading.Lock(), False

    def free(self) -> None:
        """Give the slot back; a second call has no effect."""
        with self._lock:
            if self._free:
                return
            self._free = True
        self._slots._give_back(self._client)


class Slots:
    """A number of slots, of which one client may hold only a part. Methods may be called from any thread."""

    def __init__(self, what: str, client_limit: int, total_limit: int):
        """Args: what is being counted, in the plural; the limits for one client and for all together."""
        self.what, self.client_limit, self.total_limit = what, client_limit, total_limit
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many slots are taken."""
        with self._lock:
            return self._held.total()

    def take(self, client: str, count: int = 1) -> list[Slot]:
        """Take slots for a client, all or none.

        Raises:
            BusyError: there are not enough.
        """
        with self._lock:
            held = self._held[client]
            if held + count > self.client_limit:
                raise BusyError(f"you have {held} {self.what}; at most {self.client_limit} at once")
            if self._held.total() + count > self.total_limit:
                raise BusyError("the server is busy; try again in a minute")
            self._held[client] += count
        return [Slot(self, client) for _ in range(count)]

    def _give_back(self, client: str) -> None:
        with self._lock:
            self._held[client] -= 1
            if self._held[client] <= 0:
                del self._held[client]


class Rate:
    """How often each client may do something. Methods may be called from any thread."""

    def __init__(self, what: str, limit: int, seconds: float):
        """Args: what is being counted, in the plural; how many a client may have within so many seconds."""
        self.what, self.limit, self.seconds = what, limit, seconds
        self._times: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def count(self, client: str) -> None:
        """Count one more for a client.

        Raises:
            BusyError: it is one too many.
        """
        now = time.monotonic()
        with self._lock:
            if len(self._times) > 10_000:  # forget clients that have been away
                self._times = {name: times for name, times in self._times.items() if now - times[-1] < self.seconds}
            times = self._times.setdefault(client, deque(maxlen=self.limit))
            if len(times) == self.limit and now - times[0] < self.seconds:
                raise BusyError(f"at most {self.limit} {self.what} in {self.seconds:g} s; try again later")
            times.append(now)


@contextmanager
def freed_on_error(slots: list[Slot]) -> Iterator[None]:
    """Give the slots back if the block raises."""
    try:
        yield
    except BaseException:
        for slot in slots:
            slot.free()
        raise
