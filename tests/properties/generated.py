"""What the property tests draw from: JSON values, secrets that can be recognised, and callbacks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

from attrs import evolve, frozen
from hypothesis import strategies as st

from skypay_payout import Accepted, CallbackError, CallbackParser, Credentials, PayoutCallback
from skypay_payout.encryption import BodyCipher
from tests.support.callbacks import Body, Outcome, outcome
from tests.support.exposure import check_error, exposed, exposed_by_result

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MARK = "§"
"""Every secret and key here holds it, and nothing else does: where it shows, a part of a secret shows."""

USER_NAME = "AppName@skypay"
SECRET = f"{MARK}30AC21B2-9EAA-4503-B0F0-7BE5C277ED75{MARK}"
CIPHER = BodyCipher([f"{MARK}old key", f"{MARK}new key"])

PLAIN = CallbackParser(Credentials(USER_NAME, SECRET))
ENCRYPTED = evolve(PLAIN, cipher=CIPHER, max_body_size=2 * PLAIN.max_body_size)

GOOD: dict[str, Json] = {
    "userName": USER_NAME,
    "action": "payoutQueuePayout",
    "authentication": SECRET,
    "controlNumber": "SK99123456789",
    "payType": "4",
    "dealTime": "2018-08-07 11:58:33",
    "failDescription": "余额不足",
    "referenceNumber": "MLA001041380755361119",
}

characters = st.characters(exclude_characters=MARK, exclude_categories=["Cs"])
texts = st.text(characters)
halves = st.text(st.characters(exclude_characters=MARK) | st.characters(categories=["Cs"])).map(
    lambda text: text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
)
"""Texts that can have a lone surrogate; two halves that meet are one character, as in JSON."""
numbers = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)


def values_of(strings: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    scalars: st.SearchStrategy[Json] = st.none() | st.booleans() | numbers | strings
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=4),
        max_leaves=12,
    )


values = values_of(texts)
names = st.sampled_from([name for name in GOOD if name != "authentication"])


def written(fields: object, *, ascii_only: bool = True) -> bytes:
    return json.dumps(fields, ensure_ascii=ascii_only).encode()


def checked(parser: CallbackParser, body: Body) -> Outcome:
    """Return what ``parse`` makes of the body, after a check that nothing of it shows a secret.

    Anything but a callback or a ``CallbackError`` fails the test.
    """
    result = outcome(parser, body)
    if isinstance(result, CallbackError):
        check_error(result)
    text = exposed(result) + exposed_by_result(parser.receive(body))
    for mark in (MARK, ascii(MARK)[1:-1], json.dumps(MARK)[1:-1]):
        assert mark not in text
    return result


def accepted(parser: CallbackParser, body: Body) -> PayoutCallback:
    result = parser.receive(body)
    assert isinstance(result, Accepted)
    return result.callback


years = st.datetimes(datetime(2, 1, 1, 12), datetime(9998, 12, 30))
offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
storable = st.characters(exclude_characters=f"\0{MARK}", exclude_categories=["Cs"])
given_texts = st.none() | st.just("") | st.text(storable)


@frozen
class Good:
    """Fields on the wire, and the instant that they mean."""

    fields: dict[str, Json]
    deal_time: datetime


@st.composite
def good_callbacks(draw: st.DrawFn) -> Good:
    instant = draw(years).replace(tzinfo=draw(st.none() | offsets))
    separator = draw(st.sampled_from(" T"))
    if instant.tzinfo is None:
        form = draw(st.sampled_from(["seconds", "milliseconds", "microseconds"]))
        time = instant.isoformat(separator, form)
        instant = datetime.fromisoformat(f"{time}+08:00")
    else:
        time = instant.isoformat(separator)
    fields: dict[str, Json] = {
        "userName": USER_NAME,
        "action": "payoutQueuePayout",
        "authentication": SECRET,
        "controlNumber": draw(st.from_regex("[A-Za-z0-9]{5}[0-9]{8,10}", fullmatch=True)),
        "payType": draw(st.integers(1, 6) | st.sampled_from("123456")),
        "dealTime": time,
    }
    for name in ("failDescription", "referenceNumber"):
        if draw(st.booleans()):
            fields[name] = draw(given_texts)
    unknown = draw(
        st.dictionaries(halves.filter(lambda name: name not in GOOD), values_of(halves), max_size=3)
    )
    order = draw(st.permutations(list(fields | unknown)))
    return Good({name: (fields | unknown)[name] for name in order}, instant)


def to_wire(callback: PayoutCallback) -> Mapping[str, object]:
    return callback.to_dict() | {"authentication": SECRET}
