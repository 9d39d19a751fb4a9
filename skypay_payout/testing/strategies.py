"""Hypothesis strategies for callbacks that a parser accepts, and for those that it must reject or quarantine.

They say what the specification allows independently of the parser, so that they can reveal its errors. Each
takes the parser under test, and without one a parser of the sample's account.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from string import ascii_letters, digits

from hypothesis import strategies as st

from .._parser import CallbackParser
from ._bad_fields import ABSENT, INVALID_FIELDS, value_for
from ._bodies import CREDENTIALS, ciphers, encode, encrypted, payload_for

__all__ = ["bodies", "histories", "invalid_bodies", "invalid_payloads", "payloads", "rejected_bodies"]

_PARSER = CallbackParser(CREDENTIALS)

_texts = st.text(max_size=60)
_storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
_numbers = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
_json: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=5,
)
_white_space = st.text(" \t\r\n", max_size=3).map(str.encode)
_serials = st.text(digits, min_size=8, max_size=10)
_prefixes = st.text(ascii_letters + digits, min_size=5, max_size=5)
_names = _texts.filter(lambda name: name not in {*payload_for(_PARSER), "failDescription"})
# Two years from the calendar's ends, so that no offset moves a time beyond them.
_instants = st.datetimes(datetime(3, 1, 1), datetime(9997, 12, 31))
_offsets = st.one_of(
    st.sampled_from(["", "Z"]),
    st.from_regex("[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?", fullmatch=True, alphabet=digits + "+-:"),
)
# What follows the half is no other half, so that no pair is made whole.
_unstorable = st.builds("{}{}x".format, _texts, st.characters(categories=["Cs"]) | st.just("\0"))


def _no_control_number(text: object) -> bool:
    return not (isinstance(text, str) and re.fullmatch("[A-Za-z0-9]{5}[0-9]{8,10}", text))


_STATUSES = {json.dumps(status) for number in range(1, 7) for status in (number, str(number))}

_wrong_values: dict[str, st.SearchStrategy[object]] = {
    "action": _json.filter(lambda value: value != "payoutQueuePayout"),
    "controlNumber": st.one_of(_json, st.from_regex("[A-Z]{4,6}[0-9]{7,11}")).filter(_no_control_number),
    "payType": _json.filter(lambda value: json.dumps(value) not in _STATUSES),
    "dealTime": _json.filter(lambda value: not re.match("[0-9]{4}-", str(value))),
    "failDescription": st.one_of(_json.filter(lambda value: not isinstance(value, str | None)), _unstorable),
    "referenceNumber": st.one_of(_json.filter(lambda value: not isinstance(value, str | None)), _unstorable),
}


@st.composite
def payloads(draw: st.DrawFn, parser: CallbackParser = _PARSER) -> dict[str, object]:
    """Draw the fields, by wire name, of a callback that this parser accepts, in any order and with others."""
    account = draw(st.sampled_from(parser.credentials))
    prefix = draw(_prefixes if account.prefixes is None else st.sampled_from(sorted(account.prefixes)))
    status = draw(st.integers(1, 6))
    fraction = draw(st.just("") | st.from_regex("[.,][0-9]{1,9}", fullmatch=True, alphabet=digits + ".,"))
    fields = draw(st.dictionaries(_names, _json, max_size=3)) | {
        "userName": account.user_name,
        "action": "payoutQueuePayout",
        "authentication": draw(st.sampled_from(account.authentication)),
        "controlNumber": prefix + draw(_serials),
        "payType": draw(st.sampled_from([status, str(status)])),
        "dealTime": draw(_instants).replace(microsecond=0).isoformat(draw(st.sampled_from(" T")))
        + fraction
        + draw(_offsets),
    }
    for name in ("failDescription", "referenceNumber"):
        if draw(st.booleans()):
            fields[name] = draw(st.none() | _storable)
    return dict(draw(st.permutations(list(fields.items()))))


@st.composite
def invalid_payloads(draw: st.DrawFn, parser: CallbackParser = _PARSER) -> dict[str, object]:
    """Draw the fields of an authenticated callback, at least one of which is invalid."""
    fields = draw(payloads(parser))
    wrong = draw(st.lists(st.sampled_from(sorted(INVALID_FIELDS)), min_size=1, unique=True))
    for name in wrong:
        known = [
            value_for(value, "SK991234567890")
            for values in INVALID_FIELDS[name].values()
            for value in values.values()
        ]
        fields[name] = draw(st.sampled_from(known) | _wrong_values[name])
        if fields[name] is ABSENT:
            del fields[name]
    return fields


@st.composite
def bodies(draw: st.DrawFn, parser: CallbackParser = _PARSER) -> bytes:
    """Draw a body that this parser accepts, in each form that it tolerates, under each of its keys."""
    return draw(_sent(parser, draw(payloads(parser))))


@st.composite
def invalid_bodies(draw: st.DrawFn, parser: CallbackParser = _PARSER) -> bytes:
    """Draw an authenticated body for which this parser must raise ``InvalidCallbackError``."""
    return draw(_sent(parser, draw(invalid_payloads(parser))))


@st.composite
def rejected_bodies(draw: st.DrawFn, parser: CallbackParser = _PARSER) -> bytes:
    """Draw a body that must never be acknowledged: of an unauthenticated sender, or damaged."""
    fields = draw(payloads(parser))
    name = draw(st.sampled_from(["userName", "authentication"]))
    match draw(st.sampled_from(["wrong", "missing", "cut short", "anything"])):
        case "wrong":
            known = [text for one in parser.credentials for text in (one.user_name, *one.authentication)]
            fields[name] = draw(_json.filter(lambda value: value not in known))
        case "missing":
            del fields[name]
        case "cut short":
            text = encode(fields)
            return draw(_under_any_key(parser, text[: draw(st.integers(0, len(text) - 1))]))
        case _:
            return draw(st.binary())
    return draw(_sent(parser, fields))


@st.composite
def histories(draw: st.DrawFn, parser: CallbackParser = _PARSER) -> list[bytes]:
    """Draw all bodies of one payout, each of which this parser accepts, in the order of their arrival.

    They report 1 to 6 events, of which several may share a time. Each arrives once or more, in any order,
    and a redelivery may have another form or, during a rotation, another key.
    """
    events = draw(st.lists(payloads(parser), min_size=1, max_size=6))
    shared = {name: events[0][name] for name in ("userName", "authentication", "controlNumber")}
    for event in events:
        event.update(shared)
        event["dealTime"] = draw(st.sampled_from([event["dealTime"], events[0]["dealTime"]]))
    repeated = draw(st.lists(st.sampled_from(events), max_size=4))
    return [draw(_sent(parser, event)) for event in draw(st.permutations(events + repeated))]


@st.composite
def _sent(draw: st.DrawFn, parser: CallbackParser, fields: dict[str, object]) -> bytes:
    text = encode(fields) if draw(st.booleans()) else json.dumps(fields, indent=4).encode()
    if draw(st.booleans()):
        text = text[:-1] + draw(_white_space) + b"," + draw(_white_space) + b"}"
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return draw(_under_any_key(parser, mark + draw(_white_space) + text + draw(_white_space)))


def _under_any_key(parser: CallbackParser, text: bytes) -> st.SearchStrategy[bytes]:
    return st.sampled_from([encrypted(text, cipher) for cipher in ciphers(parser) or [None]])
