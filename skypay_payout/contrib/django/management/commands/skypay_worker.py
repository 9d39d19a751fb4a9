"""The worker: ``manage.py skypay_worker``, in any number of processes."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.db import connections

from ...store import open_work
from ...worker import run_worker


class Command(BaseCommand):
    help = "Derive the state of each payout that has something new, and act on changes, until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--metrics", type=int, metavar="PORT", help="serve Prometheus metrics there")

    def handle(self, *, metrics: int | None, **_: object) -> None:
        if metrics is not None:
            from ....prometheus import serve  # needs the extra "prometheus"

            serve(_open_work, metrics)
        run_worker()


def _open_work() -> dict[str, int]:
    """Count open work, in the thread of one scrape."""
    try:
        return open_work()
    finally:
        connections.close_all()
