"""The state of each payout: ``manage.py skypay_status``."""

import json

from django.core.management.base import BaseCommand

from ...models import Payout
from ...store import in_parts, rows


class Command(BaseCommand):
    help = "Print the state of each payout as a line of JSON."

    def handle(self, **_: object) -> None:
        for payout in in_parts(rows(Payout).filter(version__gt=0)):
            state = json.loads(payout.state.to_json())
            self.stdout.write(json.dumps({"controlNumber": payout.pk, **state}))
