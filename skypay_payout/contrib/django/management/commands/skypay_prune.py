"""Retention: ``manage.py skypay_prune DAYS``."""

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand

from ...store import prune


class Command(BaseCommand):
    help = "Delete the payouts that are settled and have not changed for so many days, with their callbacks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("days", type=int)

    def handle(self, *, days: int, **_: object) -> None:
        self.stdout.write(f"pruned: {prune(timedelta(days=days))} payouts")
