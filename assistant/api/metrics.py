"""What is counted, in the format of Prometheus."""

from collections.abc import Iterable
from datetime import UTC, datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assistant.api.security import METHODS
from assistant.asking import Seats
from assistant.types import Answer
from indexer.errors import IndexUnusable
from indexer.live import LiveIndex

PATH = "/metrics"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one application, with a registry of their own."""

    def __init__(self, index: LiveIndex, seats: Seats) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._requests = Counter(
            "footnote_http_requests",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._latency = Histogram(
            "footnote_http_request_seconds",
            "From the request to the end of the response.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._refused = Counter(
            "footnote_http_refused", "Requests that were not let in.", ["status"], registry=registry
        )
        self._answers = Counter(
            "footnote_answers", "Questions that were answered or declined.", ["outcome"], registry=registry
        )
        self._stages = Histogram(
            "footnote_answer_stage_seconds",
            "Time that each stage of an answer took.",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        running = Gauge("footnote_answers_running", "Answers that are being made now.", registry=registry)
        running.set_function(lambda: seats.taken)
        registry.register(_IndexCollector(index))
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

    def answered(self, answer: Answer) -> None:
        """Count an answer, and how long its stages took."""
        self._answers.labels("declined" if answer.abstained else "answered").inc()
        for stage, milliseconds in answer.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)

    def served(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. `route` is a pattern, not a path: there are only so many, as of methods."""
        known = method if method in METHODS else "other"  # a client may make up as many as it likes
        self._requests.labels(known, route, status).inc()
        self._latency.labels(route).observe(seconds)

    def refused(self, status: int) -> None:
        """Count a request that was not let in."""
        self._refused.labels(status).inc()

    def route(self) -> Route:
        """`GET /metrics`."""

        def metrics(request: Request) -> Response:
            return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

        return Route(PATH, metrics, methods=["GET"], include_in_schema=False)


class _IndexCollector(Collector):
    """What the index holds, read when it is asked for; nothing if there is none."""

    def __init__(self, index: LiveIndex) -> None:
        self._index = index

    def collect(self) -> Iterable[Metric]:
        try:
            manifest = self._index.current.manifest
        except IndexUnusable:
            return
        age = datetime.now(UTC) - datetime.fromisoformat(manifest.created_at)
        yield GaugeMetricFamily(
            "footnote_index_age_seconds", "Since the index was built.", age.total_seconds()
        )
        yield GaugeMetricFamily("footnote_index_notes", "Notes in the index.", manifest.notes)
        yield GaugeMetricFamily("footnote_index_passages", "Passages in the index.", manifest.chunks)
