"""What ``conformance --stored`` reads: ``manage.py skypay_events``."""

import json

from django.core.management.base import BaseCommand

from ...models import Event
from ...store import database, in_parts


class Command(BaseCommand):
    help = "Print each stored event as a line of JSON."

    def handle(self, **_: object) -> None:
        for event in in_parts(Event.objects.using(database())):
            self.stdout.write(json.dumps(event.event))
