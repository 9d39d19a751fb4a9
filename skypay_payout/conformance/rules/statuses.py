"""Statuses, in every order."""

import json

from ..._pay_type import PayType
from ...testing import SAMPLE, payload
from .._bodies import Bodies
from .._rule import Deliveries, rule
from ._reasons import ANY_STATUS, HISTORY, JSON, LOST, REPEATS


@rule("sample", JSON, f"SkyPay may send the comma before the closing brace, as in its sample. {LOST}")
def sample(bodies: Bodies) -> Deliveries:
    """The published sample is acknowledged."""
    text, fields = SAMPLE.decode(), bodies.fields()
    for name in ("userName", "authentication", "controlNumber"):
        text = text.replace(json.dumps(payload()[name]), json.dumps(fields[name]))
    yield bodies.sent("the sample", text.encode())


@rule("status", ANY_STATUS, LOST)
def every_status(bodies: Bodies) -> Deliveries:
    """Every status is acknowledged."""
    for status in PayType:
        yield bodies.good(status.name, status)


@rule("pay-type-number", "point 2: payType", LOST)
def pay_type_as_a_number(bodies: Bodies) -> Deliveries:
    """A payType that is a number is acknowledged."""
    for status in PayType:
        yield bodies.good(f"payType {status:d}, {status.name}", status, payType=int(status))


@rule("after", REPEATS, LOST, how="in turn")
def any_status_after_any(bodies: Bodies) -> Deliveries:
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
def redelivered(bodies: Bodies) -> Deliveries:
    """A redelivery of any status is acknowledged."""
    for status in PayType:
        fields = bodies.fields(status)
        for what in (status.name, f"{status.name} again"):
            yield bodies.sent(what, fields)


@rule("redelivered-later", REPEATS, LOST, how="in turn")
def redelivered_later(bodies: Bodies) -> Deliveries:
    """A redelivery after other callbacks is acknowledged."""
    sent = {status: bodies.fields(status) for status in PayType}
    for what in ("delivered", "delivered again after the others"):
        for status, fields in sent.items():
            yield bodies.sent(f"{status.name} {what}", fields)


@rule("redelivered-changed", REPEATS, LOST, how="in turn")
def redelivered_in_another_form(bodies: Bodies) -> Deliveries:
    """A redelivery in another form is acknowledged."""
    fields = bodies.fields(PayType.PAYOUT)
    time = str(fields["dealTime"])
    yield bodies.sent("the first delivery", fields)
    yield bodies.sent("the same event with other spacing", json.dumps(fields, indent=4).encode())
    for what, changes in (
        ("payType as a number", {"payType": 2}),
        ("a T in dealTime", {"dealTime": time.replace(" ", "T")}),
        ("an offset in dealTime", {"dealTime": f"{time}+08:00"}),
        ("a fraction in dealTime", {"dealTime": f"{time}.000"}),
        ("null in failDescription", {"failDescription": None}),
        ("an empty text in failDescription", {"failDescription": ""}),
        ("a new field", {"fee": "1"}),
    ):
        yield bodies.sent(f"the same event with {what}", fields | changes)
    yield bodies.sent("the first form again", fields)


@rule("different-content", HISTORY, f"A person must see both contents. {LOST}", how="in turn")
def different_content(bodies: Bodies) -> Deliveries:
    """Two contents under one control number, status and time are both acknowledged."""
    for status, name in (
        (PayType.FAILURE, "failDescription"),
        (PayType.AMENDED_SUCCESS, "referenceNumber"),
        (PayType.PAYOUT, "an unknown field"),
    ):
        fields = bodies.fields(status)
        for text in ("one text", "another text"):
            yield bodies.sent(f"{status.name} with {text} in {name}", fields | {name: text})


@rule("overtaken", REPEATS, LOST, how="in turn")
def overtaken(bodies: Bodies) -> Deliveries:
    """A callback that arrives after a newer one is acknowledged."""
    early = {status: bodies.time() for status in PayType}
    for late in PayType:
        payout = bodies.number()
        yield bodies.good(f"{late.name} before what is older", late, controlNumber=payout)
        for status in (PayType.UPLOAD, PayType.AMENDED_SUCCESS):
            what = f"an older {status.name} after {late.name}"
            yield bodies.good(what, status, controlNumber=payout, dealTime=early[status])


@rule("same-second", REPEATS, LOST, how="in turn")
def same_second(bodies: Bodies) -> Deliveries:
    """Several statuses with the same dealTime are acknowledged."""
    payout, time = bodies.number(), bodies.time()
    for status in PayType:
        yield bodies.good(f"{status.name} in the same second", status, controlNumber=payout, dealTime=time)


@rule("amended-twice", ANY_STATUS, LOST, how="in turn")
def amended_twice(bodies: Bodies) -> Deliveries:
    """Repeated amendments are acknowledged."""
    payout = bodies.number()
    upload, amended = PayType.UPLOAD, PayType.AMENDED_SUCCESS
    story = (upload, PayType.AMENDED_FAIL, PayType.AMENDED_FAIL, amended, amended, PayType.PAYOUT)
    for number, status in enumerate(story, 1):
        yield bodies.good(f"callback {number}, {status.name}", status, controlNumber=payout)
