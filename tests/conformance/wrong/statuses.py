"""Wrong endpoints: statuses and their order."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.conformance.served import Answer, Endpoint, Fields
from tests.conformance.wrong.registry import STATUSES, crash, known, reject, status_of, storing, wrong

# Statuses and their order


def other_than(status: str) -> Callable[[Fields], bool]:
    return lambda fields: status_of(fields) != status


def nothing_after(status: str) -> Callable[[list[Fields], Fields], bool]:
    return lambda before, fields: status not in map(status_of, before) or fields in before


for number, named in enumerate(STATUSES, 1):
    storing(f"has no branch for {named}", "status pay-type-number", other_than(str(number)))
    wrong(
        f"answers 202 to {named}",
        "status",
        acknowledge=lambda self, fields, key, n=str(number): (
            Answer(202) if status_of(fields) == n else Endpoint.acknowledge(self, fields, key)
        ),
    )


class Once(Endpoint):
    """Stores what has a new identity, and does something else with what has none."""

    def identity(self, fields: Fields) -> object:
        return json.dumps(fields, sort_keys=True)

    def seen(self, fields: Fields) -> None:
        reject(409)

    def store(self, fields: Fields) -> None:
        identity = self.identity(fields)
        if identity in self.stored:
            self.seen(fields)
        self.stored[identity] = fields


storing("wants payType as a text", "pay-type-number", lambda f: isinstance(f["payType"], str))
storing("wants payType as a number", "sample status status", lambda f: isinstance(f["payType"], int))
wrong("answers 409 to what it has", "redelivered redelivered redelivered", Once)
wrong("crashes on what it has", "redelivered together-same", Once, seen=lambda self, fields: crash())
for number, named in enumerate(STATUSES, 1):
    wrong(
        f"answers 409 to a redelivery of {named} only",
        "redelivered",
        Once,
        seen=lambda self, fields, n=str(number): reject(409) if status_of(fields) == n else None,
    )
wrong(
    "has the control number as its primary key",
    "after amended-twice together-payout",
    Once,
    identity=lambda self, f: known(f),
)
wrong(
    "has control number and time as its key",
    "same-second",
    Once,
    identity=lambda self, f: (known(f), f["dealTime"]),
)
wrong(
    "has control number and status as its key",
    "amended-twice",
    Once,
    identity=lambda self, f: (known(f), status_of(f)),
)


class Remembers(Endpoint):
    """Remembers the last callback only, and answers 409 to others that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.last: object = None

    def store(self, fields: Fields) -> None:
        key = json.dumps(fields, sort_keys=True)
        if key in self.stored and key != self.last:
            reject(409)
        self.stored[key], self.last = fields, key


wrong("knows only the last callback as a redelivery", "redelivered", Remembers)


class Payouts(Endpoint):
    """Keeps the statuses of each payout."""

    def allowed(self, before: list[Fields], fields: Fields) -> bool:
        return True

    def store(self, fields: Fields) -> None:
        before = self.stored.setdefault(known(fields), {"all": []})["all"]
        if not self.allowed(before, fields):
            reject(409)
        before.append(fields)


def payouts(name: str, cases: str, allowed: Callable[[list[Fields], Fields], object]) -> None:
    wrong(name, cases, Payouts, allowed=lambda self, before, fields: allowed(before, fields))


payouts("wants UPLOAD first", "after status", lambda before, f: before or status_of(f) in "15")
payouts("wants UPLOAD before AMENDED_SUCCESS", "after", lambda before, f: before or status_of(f) != "5")
payouts("wants UPLOAD before AMENDED_FAIL", "after", lambda before, f: before or status_of(f) != "6")
payouts("wants UPLOAD before FAILURE", "after status", lambda before, f: before or status_of(f) != "4")
for number, named in ((2, "payout"), (3, "cancel"), (4, "failure")):
    payouts(f"takes nothing after {named}", "after overtaken", nothing_after(str(number)))
payouts("takes no second UPLOAD", "after", lambda before, f: status_of(f) != "1" or not before or f in before)
payouts(
    "takes no CANCEL after UPLOAD",
    "after",
    lambda before, f: status_of(f) != "3" or "1" not in map(status_of, before),
)
payouts(
    "takes nothing that is older",
    "overtaken",
    lambda before, f: all(one["dealTime"] <= f["dealTime"] for one in before),
)
payouts(
    "takes one amendment",
    "amended-twice",
    lambda before, f: status_of(f) != "5" or "5" not in map(status_of, before) or f in before,
)
payouts(
    "takes no redelivery that differs",
    "redelivered-changed",
    lambda before, f: all(
        f == one for one in before if (one["dealTime"], str(one["payType"])) == (f["dealTime"], status_of(f))
    ),
)
payouts(
    "wants a new second for each event",
    "same-second",
    lambda before, f: all(one == f or one["dealTime"] != f["dealTime"] for one in before),
)
TEXTS = ("failDescription", "referenceNumber")

payouts(
    "takes no other content of an event",
    "different-content",
    lambda before, f: all(
        (one["dealTime"], status_of(one)) != (f["dealTime"], status_of(f))
        or [one.get(name) for name in TEXTS] == [f.get(name) for name in TEXTS]
        for one in before
    ),
)


class AnyCase(Once):
    """Has a key that ignores case, as MySQL has by default, and crashes on what is there."""

    def identity(self, fields: Fields) -> object:
        return known(fields).upper(), status_of(fields), fields["dealTime"], json.dumps(fields).upper()

    def seen(self, fields: Fields) -> None:
        if fields not in self.stored.values():
            crash()


wrong("has a key that ignores case", "control-number-case", AnyCase)
