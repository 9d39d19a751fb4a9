"""What ``conformance --stored`` reads: ``manage.py skypay_events``."""

import json

from django.core.management.base import BaseCommand

from ...models import Event
from ...store import in_parts, rows


class Command(BaseCommand):
    help = "Print each stored event as a line of JSON."

    def handle(self, **_: object) -> None:
        for event in in_parts(rows(Event)):
            self.stdout.write(json.dumps(event.event))
