"""The worker: ``python manage.py process_payout_events``, in any number of processes."""

import time

from django.core.management.base import BaseCommand
from django.db import close_old_connections

import monitoring
from payouts.services import open_work, process_events


class Command(BaseCommand):
    help = "Derive the status of each payout that has new events, until stopped."

    def handle(self, *_: object, **__: object) -> None:
        monitoring.serve(open_work)
        while True:
            process_events()
            close_old_connections()
            time.sleep(1)
