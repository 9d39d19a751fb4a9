"""What waits for a person: ``manage.py skypay_quarantine``."""

import json

from django.core.management.base import BaseCommand

from ...models import QuarantinedCallback
from ...store import rows


class Command(BaseCommand):
    help = "Print each quarantined callback that nobody has resolved as a line of JSON."

    def handle(self, **_: object) -> None:
        unresolved = rows(QuarantinedCallback).filter(resolved_at=None)
        for row in unresolved.order_by("received_at", "pk"):
            line = {
                "digest": row.digest,
                "controlNumber": row.control_number,
                "payload": row.payload,
                "errors": [
                    {"field": field, "code": code, "message": message} for field, code, message in row.errors
                ],
                "receivedAt": row.received_at.isoformat(timespec="microseconds"),
            }
            self.stdout.write(json.dumps(line))
