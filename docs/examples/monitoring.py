"""Prometheus metrics and log lines of an endpoint, with any framework and any store.

- Endpoint: wrap it in ``measured()``, and call ``observe(result)`` once the result is stored.
- Worker: call ``report(history)`` for each payout that it processes, and ``serve(...)`` when it starts.

Start them all with PROMETHEUS_MULTIPROC_DIR set to one directory, empty at the start: each process writes its
numbers to files there, and ``serve`` adds them up, including those of processes that have ended. The worker
serves at 127.0.0.1 and the port METRICS_PORT; a second worker on the same machine runs without that variable.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import assert_never

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from skypay_payout import Accepted, ErrorCode, PayoutHistory, PayoutStatus, Quarantined, Rejected

CALLBACKS = Counter("skypay_callbacks", "Results by kind and error code", ["result", "code"])
CREDENTIALS = Counter("skypay_credentials", "Callbacks by key and secret", ["newest_key", "newest_secret"])
FAILURES = Counter("skypay_failures", "Callbacks that were not acknowledged because of an exception")
DURATION = Histogram("skypay_duration_seconds", "Time to parse, store and respond")
HISTORIES = Counter("skypay_histories", "Processed payouts that a person must look at", ["problem"])
# Prometheus sees no increase in a counter that appears with its first event, so all begin at 0.
CALLBACKS.labels("accepted", "")
CALLBACKS.labels("quarantined", ErrorCode.INVALID_CALLBACK)
for code in (
    ErrorCode.TOO_LARGE,
    ErrorCode.TOO_COMPLEX,
    ErrorCode.NOT_UTF8,
    ErrorCode.NOT_JSON,
    ErrorCode.NOT_AN_OBJECT,
    ErrorCode.DUPLICATE_FIELD,
    ErrorCode.DECRYPTION_FAILED,
    ErrorCode.AUTHENTICATION_FAILED,
):
    CALLBACKS.labels("rejected", code)
for used in product((True, False), repeat=2):
    CREDENTIALS.labels(*used)
for problem in ("conflicting", "different_content", "after_final_status"):
    HISTORIES.labels(problem)

log = logging.getLogger("skypay")


@contextmanager
def measured() -> Generator[None]:
    """Measure an endpoint, as a decorator or around its body: how long it takes, and whether it raises."""
    with DURATION.time(), FAILURES.count_exceptions():
        yield


def observe(result: Accepted | Quarantined | Rejected) -> None:
    """Count the result, and log a line about it: never the body, and of bounded length."""
    match result:
        case Accepted(callback):
            CALLBACKS.labels("accepted", "").inc()
            log.info("accepted: %s", callback.idempotency_key)
        case Quarantined(error):
            CALLBACKS.labels("quarantined", error.code).inc()
            log.error("quarantined: %.500s", error)
        case Rejected(error):
            CALLBACKS.labels("rejected", error.code).inc()
            log.warning("rejected: %s: %.200s", error.code, error)
            return
        case _:
            assert_never(result)
    CREDENTIALS.labels(result.used_newest_key, result.used_newest_secret).inc()


def report(history: PayoutHistory) -> None:
    """Count and log what a person must clarify with SkyPay before moving money."""
    keys = {event.idempotency_key for event in history.events}
    final_times = [event.deal_time for event in history.events if event.pay_type.is_final]
    problems = {
        "conflicting": history.status is PayoutStatus.CONFLICTING,
        "different_content": len(keys) < len(history.events),
        "after_final_status": bool(final_times) and history.events[-1].deal_time > final_times[0],
    }
    for problem in (problem for problem, exists in problems.items() if exists):
        HISTORIES.labels(problem).inc()
        log.error("payout %s: %s", history.control_number, problem)


def serve(open_work: Callable[[], Mapping[str, int]]) -> None:
    """Serve the metrics of all processes, and what ``open_work`` counts in the database at each scrape."""

    class OpenWork(Collector):
        def collect(self) -> Iterator[GaugeMetricFamily]:
            text = "What waits for a person or for the worker"
            gauge = GaugeMetricFamily("skypay_open_work", text, labels=["kind"])
            try:
                for kind, number in open_work().items():
                    gauge.add_metric([kind], number)
            except Exception:  # the counters are needed most when the database is down
                log.exception("open work could not be counted")
            yield gauge

    if port := os.environ.get("METRICS_PORT"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        registry.register(OpenWork())
        start_http_server(int(port), "127.0.0.1", registry)
