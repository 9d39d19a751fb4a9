"""Metrics for Prometheus, with any framework and any store.

An endpoint wraps its work in ``measure()``, and calls ``serve_endpoint(port)`` when it starts::

    with measure() as observed:
        result = parser.receive(body)
        store.save(result)
        observed(result)

A worker calls ``serve(store.open_work, port)``. Each program serves its own metrics, so Prometheus sees which
of them is down. Where an endpoint has several processes, set PROMETHEUS_MULTIPROC_DIR to a directory of its
own: one process serves the sum of all, and another one takes over when it ends. Nothing has to be cleared
there.

The alert rules, ``alerts.yml``, and a dashboard for Grafana, ``dashboard.json``, are files of this package.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from itertools import product
from math import inf
from threading import Thread
from time import perf_counter, sleep

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from ... import Accepted, ErrorCode, Rejected, Result
from ._counts import Counts

__all__ = ["measure", "serve", "serve_endpoint"]

_RETRY = 1.0
"""Seconds until a port that was taken is tried again."""
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, inf)
_CALLBACKS = (
    ("accepted", ""),
    ("quarantined", ErrorCode.INVALID_CALLBACK.value),
    *(
        ("rejected", code.value)
        for code in (
            ErrorCode.TOO_LARGE,
            ErrorCode.TOO_DEEP,
            ErrorCode.EMPTY_BODY,
            ErrorCode.NOT_BASE64,
            ErrorCode.DECRYPTION_FAILED,
            ErrorCode.NOT_UTF8,
            ErrorCode.NOT_JSON,
            ErrorCode.NOT_AN_OBJECT,
            ErrorCode.DUPLICATE_FIELD,
            ErrorCode.AUTHENTICATION_FAILED,
        )
    ),
)
_CREDENTIALS = tuple(product(("True", "False"), repeat=2))
_log = logging.getLogger(__name__)


def _name(*parts: object) -> str:
    return " ".join(map(str, parts))


# Prometheus sees no increase in a counter that appears with its first event, so all of them begin at 0.
_counters = Counts(
    [
        *(_name("callbacks", *labels) for labels in _CALLBACKS),
        *(_name("credentials", *labels) for labels in _CREDENTIALS),
        "failures",
        *(_name("duration", bound) for bound in _BUCKETS),
        "seconds",
    ]
)


@contextmanager
def measure() -> Generator[Callable[[Result], None]]:
    """Measure one callback: call the function that this yields with the result, once it is stored.

    Whatever is raised inside is a failure, also after that call: then the result is not counted.
    """
    results: list[Result] = []
    start = perf_counter()
    try:
        yield results.append
    except BaseException:  # a time limit or an interruption: the callback is not acknowledged either
        _count(["failures"], perf_counter() - start)
        raise
    if results:
        _count([name for result in results for name in _names(result)], perf_counter() - start)


def _names(result: Result) -> Iterable[str]:
    if isinstance(result, Rejected):
        return [_name("callbacks", "rejected", result.error.code)]
    credentials = _name("credentials", result.used_newest_key, result.used_newest_secret)
    if isinstance(result, Accepted):
        return [_name("callbacks", "accepted", ""), credentials]
    return [_name("callbacks", "quarantined", result.error.code), credentials]


def _count(names: Iterable[str], seconds: float) -> None:
    bucket = next(bound for bound in _BUCKETS if seconds <= bound)
    _counters.add({**dict.fromkeys(names, 1), _name("duration", bucket): 1, "seconds": seconds})


class _Endpoint(Collector):
    """What ``measure`` counted, in all processes of the endpoint."""

    def collect(self) -> Iterable[Metric]:
        totals = _counters.totals()
        callbacks = CounterMetricFamily(
            "skypay_callbacks", "Callbacks by result and error code", labels=["result", "code"]
        )
        for labels in _CALLBACKS:
            callbacks.add_metric(labels, totals[_name("callbacks", *labels)])
        credentials = CounterMetricFamily(
            "skypay_credentials",
            "Authenticated callbacks by use of the newest key and secret",
            labels=["newest_key", "newest_secret"],
        )
        for newest in _CREDENTIALS:
            credentials.add_metric(newest, totals[_name("credentials", *newest)])
        failures = CounterMetricFamily(
            "skypay_failures",
            "Callbacks that were not acknowledged because of an exception",
            totals["failures"],
        )
        buckets: list[tuple[str, float]] = []
        below = 0.0
        for bound in _BUCKETS:
            below += totals[_name("duration", bound)]
            buckets.append(("+Inf" if bound == inf else str(bound), below))
        duration = HistogramMetricFamily(
            "skypay_duration_seconds", "Time to handle a callback", buckets, totals["seconds"]
        )
        return [callbacks, credentials, failures, duration]


class _OpenWork(Collector):
    """What waits for a person or for the worker, counted at each scrape."""

    def __init__(self, open_work: Callable[[], Mapping[str, int]]) -> None:
        self._open_work = open_work

    def collect(self) -> Iterable[Metric]:
        gauge = GaugeMetricFamily(
            "skypay_open_work", "What waits for a person or for the worker", labels=["kind"]
        )
        try:
            for kind, number in self._open_work().items():
                gauge.add_metric([kind], number)
        except Exception:  # an alert fires for what is absent
            _log.exception("open work could not be counted")
        return [gauge]


def serve(open_work: Callable[[], Mapping[str, int]], port: int, address: str = "127.0.0.1") -> None:
    """Serve what ``open_work`` counts, in a thread of a worker. It waits for a port that is taken."""
    _serve(_OpenWork(open_work), port, address, logging.WARNING)


def serve_endpoint(port: int, address: str = "127.0.0.1") -> None:
    """Serve what ``measure`` counts, in a thread of each process. It waits for a port that is taken."""
    # With that directory there are several processes, and another one serves the sum of all.
    level = logging.INFO if os.environ.get("PROMETHEUS_MULTIPROC_DIR") else logging.WARNING
    _serve(_Endpoint(), port, address, level)


def _serve(collector: Collector, port: int, address: str, level: int) -> None:
    registry = CollectorRegistry()
    registry.register(collector)

    def serve_later() -> None:
        while True:
            sleep(_RETRY)
            with suppress(OSError):
                start_http_server(port, address, registry)
                return

    try:
        start_http_server(port, address, registry)
    except OSError as error:
        _log.log(level, "metrics are not served at %s:%d before that is free: %s", address, port, error)
        Thread(target=serve_later, name="skypay_payout metrics", daemon=True).start()
