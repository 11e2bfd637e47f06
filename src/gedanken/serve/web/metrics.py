"""Counters in Prometheus's text format, version 0.0.4."""

import time
from collections import Counter
from typing import Any

from gedanken.serve.guard import Message, Receive, Send

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Requests:
    """ASGI middleware that counts requests and times them by route. Streams count by their time to the first byte."""

    def __init__(self, app: Any, counts: "Counts"):
        self.app, self.counts = app, counts

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                self.counts.add(scope["method"], route, message["status"], time.perf_counter() - start)
            await send(message)

        await self.app(scope, receive, noted)


class Counts:
    """How many requests there were, and how long they took."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.seconds: Counter[tuple[str, float]] = Counter()
        self.total: Counter[str] = Counter()

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request."""
        self.requests[method if method.isalpha() and len(method) < 8 else "OTHER", route, status] += 1
        self.total[route] += seconds  # type: ignore[assignment]
        for bucket in BUCKETS:
            if seconds <= bucket:
                self.seconds[route, bucket] += 1

    def write(self, episodes: Any) -> str:
        """All there is to tell, one metric a line."""
        lines = ["# TYPE gedanken_requests_total counter"]
        per_route: Counter[str] = Counter()
        for (method, route, status), count in sorted(self.requests.items()):
            per_route[route] += count
            lines.append(f'gedanken_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}')
        lines.append("# TYPE gedanken_request_seconds histogram")
        for route, count in sorted(per_route.items()):
            for bucket in BUCKETS:
                found = self.seconds[route, bucket]
                lines.append(f'gedanken_request_seconds_bucket{{route="{route}",le="{bucket}"}} {found}')
            lines.append(f'gedanken_request_seconds_bucket{{route="{route}",le="+Inf"}} {count}')
            lines.append(f'gedanken_request_seconds_sum{{route="{route}"}} {self.total[route]:.6f}')
            lines.append(f'gedanken_request_seconds_count{{route="{route}"}} {count}')
        lines.append("# TYPE gedanken_episodes_running gauge")
        lines.append(f"gedanken_episodes_running {len(episodes.running)}")
        lines.append("# TYPE gedanken_episodes_total counter")
        for (task, status), count in sorted(episodes.counts.items()):
            lines.append(f'gedanken_episodes_total{{task="{task}",status="{status}"}} {count}')
        lines.append("# TYPE gedanken_turns_total counter")
        lines += [f'gedanken_turns_total{{task="{task}"}} {count}' for task, count in sorted(episodes.turns.items())]
        return "\n".join(lines) + "\n"
