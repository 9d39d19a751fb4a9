"""The state of each payout: ``manage.py skypay_status``."""

import json

from django.core.management.base import BaseCommand

from ...models import Payout
from ...store import database


class Command(BaseCommand):
    help = "Print the state of each payout as a line of JSON."

    def handle(self, **_: object) -> None:
        derived = Payout.objects.using(database()).filter(version__gt=0)
        for payout in derived.order_by("pk").iterator():
            state = json.loads(payout.state.to_json())
            self.stdout.write(json.dumps({"controlNumber": payout.pk, **state}))
