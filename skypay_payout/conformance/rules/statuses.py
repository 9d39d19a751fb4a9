"""Statuses, in every order."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..._pay_type import PayType
from ...testing import SAMPLE, encode, payload
from .._bodies import Bodies
from .._rule import Delivery, rule
from ._reasons import ANY_STATUS, HISTORY, JSON, LOST, REPEATS


@rule("sample", JSON, f"SkyPay may send the comma before the closing brace, as in its sample. {LOST}")
def sample(bodies: Bodies) -> Iterator[Delivery]:
    """The published sample is acknowledged."""
    text = SAMPLE.decode()
    for name in ("userName", "authentication", "controlNumber"):
        text = text.replace(json.dumps(payload()[name]), json.dumps(bodies.fields()[name]))
    yield bodies.acknowledged("the sample", text.encode())


@rule("status", ANY_STATUS, LOST)
def every_status(bodies: Bodies) -> Iterator[Delivery]:
    """Every status is acknowledged."""
    for status in PayType:
        yield bodies.good(status.name, status)


@rule("pay-type-number", "point 2: payType", LOST)
def pay_type_as_a_number(bodies: Bodies) -> Iterator[Delivery]:
    """A payType that is a number is acknowledged."""
    for status in PayType:
        yield bodies.good(f"payType {status:d}, {status.name}", status, payType=int(status))


@rule("after", REPEATS, LOST, how="in turn")
def any_status_after_any(bodies: Bodies) -> Iterator[Delivery]:
    """Any status as the first callback of a payout, and any status after it, is acknowledged."""
    for first in PayType:
        payout = ""
        for then in PayType:
            # A final status stays what it is, so that one payout shows what comes after it.
            if not payout or not first.is_final:
                payout = bodies.payout()
                yield bodies.good(f"{first.name} as the first callback", first, controlNumber=payout)
            yield bodies.good(f"{then.name} after {first.name}", then, controlNumber=payout)


@rule("redelivered", REPEATS, LOST, how="in turn")
def redelivered(bodies: Bodies) -> Iterator[Delivery]:
    """A redelivery of any status is acknowledged."""
    for status in PayType:
        text = encode(bodies.fields(status))
        yield bodies.acknowledged(status.name, text)
        yield bodies.acknowledged(f"{status.name} again", text)


@rule("redelivered-later", REPEATS, LOST, how="in turn")
def redelivered_later(bodies: Bodies) -> Iterator[Delivery]:
    """A redelivery after other callbacks is acknowledged."""
    texts = {status: encode(bodies.fields(status)) for status in PayType}
    for what in ("delivered", "delivered again after the others"):
        for status, text in texts.items():
            yield bodies.acknowledged(f"{status.name} {what}", text)


@rule("redelivered-changed", REPEATS, LOST, how="in turn")
def redelivered_in_another_form(bodies: Bodies) -> Iterator[Delivery]:
    """A redelivery in another form is acknowledged."""
    moment = bodies.time()
    fields = bodies.fields(PayType.PAYOUT, dealTime=f"{moment:%Y-%m-%d %H:%M:%S}")
    yield bodies.acknowledged("the first delivery", encode(fields))
    yield bodies.acknowledged("the same event with payType as a number", encode(fields | {"payType": 2}))
    yield bodies.acknowledged("the same event with other spacing", json.dumps(fields, indent=4).encode())
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S+08:00", "%Y-%m-%d %H:%M:%S.000"):
        changed = fields | {"dealTime": f"{moment:{form}}"}
        yield bodies.acknowledged(f"the same event with dealTime {changed['dealTime']}", encode(changed))
    for what, absent in (("null", None), ("an empty text", "")):
        changed = fields | {"failDescription": absent}
        yield bodies.acknowledged(f"the same event with {what} in failDescription", encode(changed))
    yield bodies.acknowledged("the same event with a new field", encode(fields | {"fee": "1"}))
    yield bodies.acknowledged("the first form again", encode(fields))


@rule("different-content", HISTORY, f"A person must see both contents. {LOST}", how="in turn")
def different_content(bodies: Bodies) -> Iterator[Delivery]:
    """Two contents under one control number, status and time are both acknowledged."""
    for status, name in ((PayType.FAILURE, "failDescription"), (PayType.AMENDED_SUCCESS, "referenceNumber")):
        fields = bodies.fields(status)
        for text in ("one text", "another text"):
            yield bodies.acknowledged(f"{status.name} with {text} in {name}", encode(fields | {name: text}))


@rule("overtaken", REPEATS, LOST, how="in turn")
def overtaken(bodies: Bodies) -> Iterator[Delivery]:
    """A callback that arrives after a newer one is acknowledged."""
    early = {status: bodies.moment() for status in PayType}
    for late in PayType:
        payout = bodies.payout()
        yield bodies.good(f"{late.name} before what is older", late, controlNumber=payout)
        for status in (PayType.UPLOAD, PayType.AMENDED_SUCCESS):
            what = f"an older {status.name} after {late.name}"
            yield bodies.good(what, status, controlNumber=payout, dealTime=early[status])


@rule("same-second", REPEATS, LOST, how="in turn")
def same_second(bodies: Bodies) -> Iterator[Delivery]:
    """Several statuses with the same dealTime are acknowledged."""
    payout, time = bodies.payout(), bodies.moment()
    for status in PayType:
        yield bodies.good(f"{status.name} in the same second", status, controlNumber=payout, dealTime=time)


@rule("amended-twice", ANY_STATUS, LOST, how="in turn")
def amended_twice(bodies: Bodies) -> Iterator[Delivery]:
    """Repeated amendments are acknowledged."""
    payout = bodies.payout()
    upload, amended = PayType.UPLOAD, PayType.AMENDED_SUCCESS
    story = (upload, PayType.AMENDED_FAIL, PayType.AMENDED_FAIL, amended, amended, PayType.PAYOUT)
    for number, status in enumerate(story, 1):
        yield bodies.good(f"callback {number}, {status.name}", status, controlNumber=payout)
