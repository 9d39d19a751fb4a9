"""Wrong endpoints: invalid callbacks, rotation, and many callbacks at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from threading import Lock
from time import sleep

from skypay_payout.testing import AUTHENTICATION
from tests.conformance.served import OLDER_SECRET, Endpoint, Fields
from tests.conformance.wrong.registry import (
    STATUSES,
    crash,
    crashing,
    known,
    reject,
    status_of,
    storing,
    wrong,
)
from tests.conformance.wrong.statuses import Once

# What is authenticated but invalid

VALID: dict[str, Callable[[Fields], object]] = {
    "action": lambda f: f.get("action") == "payoutQueuePayout",
    "control-number": lambda f: re.fullmatch(r"[A-Za-z0-9]{5}[0-9]{8,10}", str(f.get("controlNumber"))),
    "pay-type": lambda f: (
        f.get("payType") is not True and str(f.get("payType")) in [*"0123456789", "10", "99"]
    ),
    "deal-time": lambda f: re.match(r"20\d\d-(0[13-9]|1\d|02-[012])", str(f.get("dealTime"))),
    "fail-description": lambda f: isinstance(f.get("failDescription", ""), str | None),
    "reference-number": lambda f: isinstance(f.get("referenceNumber", ""), str | None),
}
for named, valid in VALID.items():
    storing(f"rejects an invalid {named}", f"invalid-{named}", valid)
    wrong(
        f"crashes on an invalid {named}",
        f"invalid-{named}",
        store=lambda self, f, v=valid: None if v(f) else crash(),
    )
storing("rejects callbacks with two errors", "invalid-several", lambda f: "payType" in f or "dealTime" in f)
storing("rejects a status to come", "unknown-status", lambda f: status_of(f) in "123456")
crashing(
    "crashes on a status to come",
    "unknown-status",
    lambda f: STATUSES[int(f["payType"]) - 1] if str(f["payType"]).isdigit() else None,
)
wrong(
    "answers 409 to an invalid one again",
    "invalid-redelivered",
    Once,
    seen=lambda self, f: None if "controlNumber" in f else reject(409),
)
crashing(
    "looks up each field", "invalid-control-number invalid-redelivered", lambda f: f["controlNumber"][:5]
)
crashing("reads payType as a number", "invalid-pay-type", lambda f: int(f["payType"]))
wrong(
    "answers invalid ones with another code",
    "unknown-status",
    acknowledgement=lambda self, f: (
        Endpoint.acknowledgement(self, f) | ({} if status_of(f) in "123456" else {"responseCode": "1001"})
    ),
)

# Rotation of secrets, and many at once

wrong("knows the newest secret only", "older-secret", secrets=(AUTHENTICATION,))
wrong("knows the older secret only", "any-acknowledged", secrets=(OLDER_SECRET,))
wrong(
    "knows the older secret for uploads only",
    "older-secret",
    authenticated=lambda self, f: (
        Endpoint.authenticated(self, f) and (f["authentication"] == AUTHENTICATION or status_of(f) == "1")
    ),
)


class Busy(Endpoint):
    """Answers 503 while something like it is in work."""

    def __init__(self) -> None:
        super().__init__()
        self.working: set[object] = set()
        self.lock = Lock()

    def subject(self, fields: Fields) -> object:
        return None

    def store(self, fields: Fields) -> None:
        subject = self.subject(fields)
        with self.lock:
            if subject in self.working:
                reject(503)
            self.working.add(subject)
        sleep(0.05)
        self.working.discard(subject)


wrong("works on one callback at a time", "together", Busy)
wrong("works on one copy at a time", "together-same", Busy, subject=lambda self, f: json.dumps(f))
wrong(
    "works on one callback of a payout at a time", "together-payout", Busy, subject=lambda self, f: known(f)
)


class SharedFields(Endpoint):
    """Keeps the request where all requests share it."""

    current: Fields

    def authenticated(self, fields: Fields) -> bool:
        self.current = fields
        sleep(0.05)
        return super().authenticated(self.current)


wrong("shares the fields of a request", "together-rejections", SharedFields)
