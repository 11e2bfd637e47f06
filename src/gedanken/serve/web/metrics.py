"""Prometheus metrics of one application."""

import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gedanken.serve.guard import Message, Receive, Send
from gedanken.serve.web.slots import Slots

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics and the registry that holds them; each application has its own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        # The client library appends `_total` to the names of counters.
        self.requests = Counter("gedanken_requests", "HTTP requests.", ("method", "route", "status"), registry=registry)
        self.request_seconds = Histogram(
            "gedanken_request_seconds",
            "Time to the first byte of the response.",
            ("route",),
            buckets=BUCKETS,
            registry=registry,
        )
        self.episodes_running = Gauge("gedanken_episodes_running", "Episodes in progress.", registry=registry)
        self.slots = Gauge("gedanken_slots_taken", "Slots that are taken.", ("kind",), registry=registry)
        self.episodes = Counter("gedanken_episodes", "Ended episodes.", ("task", "status"), registry=registry)
        self.turns = Counter("gedanken_turns", "Judged answers.", ("task",), registry=registry)

    def watch_slots(self, kind: str, slots: Slots) -> None:
        """Report how many of these slots are taken."""
        self.slots.labels(kind).set_function(lambda: len(slots))

    def render(self) -> bytes:
        """All metrics in Prometheus's text format, version 0.0.4."""
        return generate_latest(self._registry)


class RequestMetrics:
    """ASGI middleware that counts HTTP requests and measures the time to the first byte, by route."""

    def __init__(self, app: Any, metrics: Metrics):
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request to the application and record its status and its time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()

        async def send_and_record(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"]
                # Clients choose methods and paths freely; each label value would be kept for ever.
                method = method if method.isalpha() and len(method) < 8 else "OTHER"
                route = getattr(scope.get("route"), "path", "other")
                self.metrics.requests.labels(method, route, message["status"]).inc()
                self.metrics.request_seconds.labels(route).observe(time.perf_counter() - start)
            await send(message)

        await self.app(scope, receive, send_and_record)
