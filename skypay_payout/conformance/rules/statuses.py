"""Statuses, in every order."""

import json
from datetime import datetime, timedelta

from ..._pay_type import PayType
from ...testing import SAMPLE, payload
from .._bodies import Bodies
from .._rule import Deliveries, rule
from ._reasons import ANY_STATUS, HISTORY, JSON, LOST, REPEATS


@rule("sample", JSON, f"SkyPay may send the comma before the closing brace, as in its sample. {LOST}")
def _sample(bodies: Bodies) -> Deliveries:
    """The published sample is acknowledged."""
    text, fields = SAMPLE.decode(), bodies.fields()
    for name in ("userName", "authentication", "controlNumber"):
        text = text.replace(json.dumps(payload()[name]), json.dumps(fields[name]))
    yield bodies.sent("the sample", text.encode())


@rule("status", ANY_STATUS, LOST)
def _every_status(bodies: Bodies) -> Deliveries:
    """Every status is acknowledged."""
    for status in PayType:
        yield bodies.good(status.name, status)


@rule("pay-type-number", "point 2: payType", LOST)
def _pay_type_as_a_number(bodies: Bodies) -> Deliveries:
    """A payType that is a number is acknowledged."""
    for status in PayType:
        yield bodies.good(f"payType {status:d}, {status.name}", status, payType=int(status))


@rule("after", REPEATS, LOST, how="in turn")
def _any_status_after_any(bodies: Bodies) -> Deliveries:
    """Any status as the first callback of a payout, and any status after it, is acknowledged."""
    for first in PayType:
        payout = ""
        for then in PayType:
            # A final status stays what it is, so that one payout shows what comes after it.
            if not payout or not first.is_final:
                payout = bodies.number()
                yield bodies.good(f"{first.name} as the first callback", first, controlNumber=payout)
            yield bodies.good(f"{then.name} after {first.name}", then, controlNumber=payout)


@rule("redelivered", REPEATS, LOST, how="in turn")
def _redelivered(bodies: Bodies) -> Deliveries:
    """A redelivery of any status, at once or after other callbacks, is acknowledged."""
    sent = [(status.name, bodies.fields(status)) for status in PayType]
    for name, fields in sent:
        yield bodies.sent(name, fields)
        yield bodies.sent(f"{name} again", fields)
    for name, fields in sent:
        yield bodies.sent(f"{name} again after the others", fields)


@rule("redelivered-changed", REPEATS, LOST, how="in turn")
def _redelivered_in_another_form(bodies: Bodies) -> Deliveries:
    """A redelivery in another form is acknowledged."""
    fields = bodies.fields(PayType.PAYOUT)
    time = str(fields["dealTime"])
    utc = f"{datetime.fromisoformat(time) - timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}"
    yield bodies.sent("the first delivery", fields)
    yield bodies.sent("the same event with other spacing", json.dumps(fields, indent=4).encode())
    times = (time.replace(" ", "T"), f"{time}+08:00", f"{time}.000", utc)
    others = (("payType", 2), ("failDescription", None), ("failDescription", ""), ("fee", "1"))
    for name, value in (*others, *(("dealTime", one) for one in times)):
        yield bodies.sent(f"the same event with {name} {value!r}", fields | {name: value})
    yield bodies.sent("the first form again", fields)


@rule("different-content", HISTORY, f"A person must see both contents. {LOST}", how="in turn")
def _different_content(bodies: Bodies) -> Deliveries:
    """Two contents under one control number, status and time are both acknowledged."""
    for status, name in ((4, "failDescription"), (5, "referenceNumber"), (2, "an unknown field")):
        fields = bodies.fields(status)
        for text in ("one text", "another text"):
            yield bodies.sent(f"{PayType(status).name} with {text} in {name}", fields | {name: text})


@rule("overtaken", REPEATS, LOST, how="in turn")
def _overtaken(bodies: Bodies) -> Deliveries:
    """A callback that arrives after a newer one is acknowledged."""
    early = {status: bodies.time() for status in PayType}
    for late in PayType:
        payout = bodies.number()
        yield bodies.good(f"{late.name} before what is older", late, controlNumber=payout)
        for status in (PayType.UPLOAD, PayType.AMENDED_SUCCESS):
            what = f"an older {status.name} after {late.name}"
            yield bodies.good(what, status, controlNumber=payout, dealTime=early[status])


@rule("same-second", REPEATS, LOST, how="in turn")
def _same_second(bodies: Bodies) -> Deliveries:
    """Several statuses with the same dealTime are acknowledged."""
    payout, time = bodies.number(), bodies.time()
    for status in PayType:
        yield bodies.good(f"{status.name} in the same second", status, controlNumber=payout, dealTime=time)


@rule("amended-twice", ANY_STATUS, LOST, how="in turn")
def _amended_twice(bodies: Bodies) -> Deliveries:
    """Repeated amendments are acknowledged."""
    payout = bodies.number()
    for number, status in enumerate((1, 6, 6, 5, 5, 2), 1):
        yield bodies.good(f"callback {number}, {PayType(status).name}", status, controlNumber=payout)
