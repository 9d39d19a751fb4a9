"""What ``conformance --stored`` reads: ``manage.py skypay_events``."""

import json

from django.core.management.base import BaseCommand

from ...models import Event
from ...store import database


class Command(BaseCommand):
    help = "Print each stored event as a line of JSON."

    def handle(self, **_: object) -> None:
        rows = Event.objects.using(database()).order_by("received_at", "pk")
        for event in rows.values_list("event", flat=True).iterator():
            self.stdout.write(json.dumps(event))
