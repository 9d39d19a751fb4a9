"""The cases of the conformance check: what is delivered, what has to come back, and why it matters."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count, cycle, product
from secrets import randbelow
from textwrap import wrap
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve

from .._errors import DecryptionError, InvalidCallbackError
from .._pay_type import PayType
from .._times import SKYPAY_ZONE
from ..testing import SAMPLE, WRONG_AUTHENTICATION, encode, payload, rejection_cases
from ._bodies import TOGETHER, Bodies, Case, Delivery, Fields, How, Rule, Skip
from ._delivery import Request

if TYPE_CHECKING:
    from ..encryption import BodyCipher

OVERSIZE = 1024 * 1024
"""Bytes of a body that no endpoint should take: a real one has a few hundred."""
_LONG = 4000
"""Characters of a long text, three bytes each: far below what any server limits a body to."""

_LOST = "SkyPay gets no acknowledgement, and section 3.2 does not promise that it sends the callback again."
_FORGED = "Anyone who finds the URL can report a payout as paid or failed."
_ANY_STATUS = "section 3.2: whatever status was received, only responseCode 1000 may be returned"
_SECRET = "section 3.2: authentication"  # noqa: S105  the name of a field
_ACCOUNT = "section 3.2: userName"
_TIME = "point 5: dealTime"
_TEXT = "point 11 and the encoding, UTF-8"
_JSON = "point 1: JSON"
_AROUND = "bodies are encrypted: AES-128-ECB, PKCS#7, standard Base64, perhaps in lines"
_HTTP = "the exchange: a POST with content type text/plain"
_ROTATION = "keys and secrets expire: for a while callbacks under the old and the new one both arrive"
_ONE_OBJECT = "point 9: one JSON object in UTF-8"
_DUPLICATE = "point 8: a duplicate field"
_REPEATS = "callbacks arrive repeated and out of order, and carry no event id"
_ONLY_JSON = "point 1: nothing else that is not JSON is tolerated"
_NUMBER = "point 4: controlNumber"
_UNKNOWN = "point 7: unknown extra fields"
_AT_ONCE = "callbacks arrive at the same time"
_STATE = "each callback stands for itself"
_INVALID_FIELDS = f"{_ANY_STATUS}; points 2 to 9 say what is invalid"
_QUARANTINE = f"No redelivery can fix it: quarantine it for a person and acknowledge. {_LOST}"
_ADDED = f"SkyPay added fields three times. {_LOST}"
_UNKNOWN_SENDER = "Its sender is not authenticated, and its content is lost once it is acknowledged."
_TWO_READERS = "Two parsers can read two different payouts, and the secret of one may authenticate the other."
_NO_CRASH = "An unexpected body must not crash the endpoint."

Deliveries: TypeAlias = "Callable[[Bodies], Iterator[Delivery]]"

_CASES = list[Case]()


def _case(
    name: str,
    rule: str,
    point: str,
    why: str = _LOST,
    *,
    how: How = "in any order",
) -> Callable[[Deliveries], Deliveries]:
    """Make a case of the function that yields its deliveries."""

    def add(deliveries: Deliveries) -> Deliveries:
        _CASES.append(Case(name, rule, point, why, deliveries, how))
        return deliveries

    return add


_TEXT_RULES = {
    "chinese": "Chinese",
    "emoji": "emoji",
    "long": f"up to {_LONG} characters",
    "quotes": "quotes, SQL or template syntax",
    "line-breaks": "line breaks",
    "markup": "markup",
    "controls": "control characters",
    "nul": "U+0000",
    "half-surrogate": "half of a surrogate pair",
}


_INVALID = {
    "action": "action",
    "control-number": "controlNumber",
    "pay-type": "payType",
    "deal-time": "dealTime",
    "fail-description": "failDescription",
    "reference-number": "referenceNumber",
}


def _without(fields: Fields, *names: str) -> Fields:
    return {name: value for name, value in fields.items() if name not in names}


# Statuses, in every order


@_case(
    "sample",
    "the published sample is acknowledged",
    _JSON,
    f"SkyPay may send the comma before the closing brace, as in its sample. {_LOST}",
)
def _sample(bodies: Bodies) -> Iterator[Delivery]:
    text = SAMPLE.decode()
    for name in ("userName", "authentication", "controlNumber"):
        text = text.replace(json.dumps(payload()[name]), json.dumps(bodies.fields()[name]))
    yield bodies.acknowledged("", text.encode())


def _status(status: PayType) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        yield bodies.good("", status)

    return deliveries


for status in PayType:
    slug = status.name.lower().replace("_", "-")
    _case(f"status-{slug}", f"{status.name} is acknowledged", _ANY_STATUS)(_status(status))


@_case("pay-type-number", "payType as a number is acknowledged", "point 2: payType")
def _numbers(bodies: Bodies) -> Iterator[Delivery]:
    for status in PayType:
        yield bodies.good(f"payType {status:d}", status, payType=int(status))


def _after(first: PayType) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        payout = ""
        for then in PayType:
            # A final status stays what it is, so that one payout shows what comes after it.
            if not payout or not first.is_final:
                payout = bodies.payout()
                yield bodies.good(f"{first.name} as the first callback", first, controlNumber=payout)
            yield bodies.good(f"{then.name} after {first.name}", then, controlNumber=payout)

    return deliveries


for status in PayType:
    slug = status.name.lower().replace("_", "-")
    rule = f"{status.name} as the first callback of a payout, and any status after it, is acknowledged"
    _case(f"after-{slug}", rule, _REPEATS, how="in turn")(_after(status))


def _redelivered(status: PayType) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        text = encode(bodies.fields(status))
        for number in ("first", "second"):
            yield bodies.acknowledged(f"the {number} delivery", text)

    return deliveries


for status in PayType:
    slug = status.name.lower().replace("_", "-")
    rule = f"a redelivery of {status.name} is acknowledged"
    _case(f"redelivered-{slug}", rule, _REPEATS, how="in turn")(_redelivered(status))


@_case("redelivered-later", "a redelivery after other callbacks is acknowledged", _REPEATS, how="in turn")
def _redelivered_later(bodies: Bodies) -> Iterator[Delivery]:
    texts = {status: encode(bodies.fields(status)) for status in PayType}
    for what in ("delivered", "delivered again after the others"):
        for status, text in texts.items():
            yield bodies.acknowledged(f"{status.name} {what}", text)


@_case("redelivered-changed", "a redelivery in another form is acknowledged", _REPEATS, how="in turn")
def _redelivered_in_another_form(bodies: Bodies) -> Iterator[Delivery]:
    fields = bodies.fields(PayType.PAYOUT)
    yield bodies.acknowledged("the first delivery", encode(fields))
    yield bodies.acknowledged("the same event with payType as a number", encode(fields | {"payType": 2}))
    yield bodies.acknowledged("the same event with other spacing", json.dumps(fields, indent=4).encode())
    yield bodies.acknowledged("the same event with a new field", encode(fields | {"fee": "1"}))
    yield bodies.acknowledged("the first form again", encode(fields))


@_case("overtaken", "a callback that arrives after a newer one is acknowledged", _REPEATS, how="in turn")
def _overtaken(bodies: Bodies) -> Iterator[Delivery]:
    early = {status: f"{bodies.time():%Y-%m-%d %H:%M:%S}" for status in PayType}
    for late in PayType:
        payout = bodies.payout()
        yield bodies.good(f"{late.name} before what is older", late, controlNumber=payout)
        for status in (PayType.UPLOAD, PayType.AMENDED_SUCCESS):
            time = early[status]
            what = f"an older {status.name} after {late.name}"
            yield bodies.good(what, status, controlNumber=payout, dealTime=time)


@_case("same-second", "several statuses with the same dealTime are acknowledged", _REPEATS, how="in turn")
def _same_second(bodies: Bodies) -> Iterator[Delivery]:
    payout, time = bodies.payout(), f"{bodies.time():%Y-%m-%d %H:%M:%S}"
    for status in PayType:
        yield bodies.good(f"{status.name} in the same second", status, controlNumber=payout, dealTime=time)


@_case("amended-twice", "repeated amendments are acknowledged", _ANY_STATUS, how="in turn")
def _amended_twice(bodies: Bodies) -> Iterator[Delivery]:
    payout = bodies.payout()
    upload, amended = PayType.UPLOAD, PayType.AMENDED_SUCCESS
    story = (upload, PayType.AMENDED_FAIL, PayType.AMENDED_FAIL, amended, amended, PayType.PAYOUT)
    for number, status in enumerate(story, 1):
        yield bodies.good(f"callback {number}, {status.name}", status, controlNumber=payout)


# Control numbers and times


@_case("control-number-lengths", "control numbers of every length are acknowledged", _NUMBER)
def _lengths(bodies: Bodies) -> Iterator[Delivery]:
    if bodies.control_number:
        raise Skip("--control-number names one payout")
    for digits, zeros in product((8, 9, 10), (0, 4)):
        serial = "0" * zeros + str(10 ** (digits - zeros - 1) + randbelow(9 * 10 ** (digits - zeros - 1)))
        what = f"{digits} digits" + (" that begin with zeros" if zeros else "")
        yield bodies.good(what, controlNumber=bodies.prefix + serial)


@_case("control-number-prefixes", "prefixes of letters, digits or both are acknowledged", _NUMBER)
def _prefixes(bodies: Bodies) -> Iterator[Delivery]:
    if bodies.control_number:
        raise Skip("--control-number names one payout")
    if bodies.parser.credentials[0].prefixes:
        raise Skip("the account's prefixes are configured")
    for what, prefix in (
        ("SKY and two digits", "SKY99"),
        ("only digits", "12345"),
        ("only letters", "SKYAB"),
    ):
        yield bodies.good(f"a prefix of {what}", controlNumber=f"{prefix}{randbelow(10**9):09}")


@_case("deal-time-documented", "dealTime in its documented form is acknowledged", _TIME)
def _documented_times(bodies: Bodies) -> Iterator[Delivery]:
    day = f"{bodies.time() - timedelta(days=1):%Y-%m-%d}"
    clock = ("00:00:00", "00:59:59", "09:05:07", "12:00:00", "12:59:59", "13:00:00", "23:59:59")
    for time in (
        *(f"{day} {time}" for time in clock),
        "2024-02-29 12:00:00",
        "2024-12-30 08:00:00",
        "2025-12-31 23:59:59",
        "2026-01-01 00:00:00",
        "2026-03-08 02:30:00",
        "2026-03-29 02:30:00",
        "2025-11-02 01:30:00",
    ):
        yield bodies.good(time, dealTime=time)


@_case("deal-time-iso", "dealTime with T, a fraction or an offset is acknowledged", _TIME)
def _iso_times(bodies: Bodies) -> Iterator[Delivery]:
    forms = ("", "Z", "+08:00", "+0800", "+08", "-05:00", "+05:30", ".5", ".52", ".521", ".5211", ".521123")
    for form in (*forms, ".5211234", ".521123456", ".521Z", ".521+08:00"):
        yield bodies.good(
            f"T and {form or 'nothing else'}", dealTime=f"{bodies.time():%Y-%m-%dT%H:%M:%S}{form}"
        )
    for form in (".0", ".521", ".5211", "+08:00", "Z"):
        yield bodies.good(f"a space and {form}", dealTime=f"{bodies.time():%Y-%m-%d %H:%M:%S}{form}")


@_case(
    "deal-time-far",
    "dealTime far from now is acknowledged",
    _TIME,
    f"A cashier's clock may be wrong, and a redelivery may be late. {_LOST}",
)
def _far_times(bodies: Bodies) -> Iterator[Delivery]:
    for what, days in (
        ("yesterday", -1),
        ("31 days ago", -31),
        ("2 years ago", -730),
        ("tomorrow", 1),
        ("next year", 365),
    ):
        yield bodies.good(what, dealTime=f"{bodies.time() + timedelta(days=days):%Y-%m-%d %H:%M:%S}")
    for minutes in (5, 65):
        ahead = datetime.now(SKYPAY_ZONE) + timedelta(minutes=minutes)
        yield bodies.good(f"in {minutes} minutes", PayType.PAYOUT, dealTime=f"{ahead:%Y-%m-%d %H:%M:%S}")


# Texts and fields

_TEXTS: dict[str, dict[str, str]] = {
    "chinese": {
        "Chinese": "余额不足，请联系客户经理。",  # noqa: RUF001
        "Chinese beyond 16 bits": "𠮷野家",
        "accents": "Peña, naïve café",
    },
    "emoji": {"an emoji": "已取消 😀", "a joined emoji": "👨‍👩‍👧 🇵🇭"},
    "long": {"256 characters": "余" * 256, f"{_LONG} characters": "余额不足" * (_LONG // 4)},
    "quotes": {
        "quotes": 'O\'Brien said "no"',
        "backslashes": "C:\\temp\\new \\u0041",
        "SQL": "'); DROP TABLE callbacks; --",
        "braces": ",} {{7*7}} ${user} %s %(x)s {0}",
    },
    "line-breaks": {
        "line breaks": "first\nsecond\r\nthird",
        "a tab": "a\tb",
        "other breaks": "a\u2028b\u0085c\x0b",
    },
    "markup": {
        "markup": "<b>&amp; ]]> -->",
        "a form": "a=1&b=2+3%20%zz",
        "white space around it": "  padded  ",
    },
    "controls": {
        "a bell": "a\x07b",
        "an escape": "\x1b[31mred",
        "a byte order mark": "a\ufeffb",
        "DEL": "\x7f",
    },
    "nul": {"U+0000": "paid\x00twice"},
    "half-surrogate": {"the first half of a pair": "cash \ud83d", "the second half of a pair": "\ude00 cash"},
}


def _texts(kind: str) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        for what, text in _TEXTS[kind].items():
            yield bodies.good(f"{what} in failDescription", PayType.FAILURE, failDescription=text)
            yield bodies.good(
                f"{what} in referenceNumber and an unknown field", referenceNumber=text, remark=text
            )
            if kind in ("nul", "half-surrogate"):  # which those two fields may not hold
                yield bodies.good(f"{what} in an unknown field", PayType.PAYOUT, remark=text)

    return deliveries


for kind in _TEXTS:
    rule = f"text fields with {_TEXT_RULES[kind]} are acknowledged"
    _case(f"text-{kind}", rule, _TEXT)(_texts(kind))


@_case("optional-fields", "optional fields may be absent, null or empty", "point 3: not given")
def _optional(bodies: Bodies) -> Iterator[Delivery]:
    names = ("failDescription", "referenceNumber")
    for status in (PayType.UPLOAD, PayType.FAILURE):
        fields = bodies.fields(status)
        yield bodies.acknowledged(f"{status.name} without them", encode(_without(fields, *names)))
        for what, value in (("null", None), ("empty", "")):
            yield bodies.good(f"{status.name} with {what}", status, **dict.fromkeys(names, value))
    yield bodies.good("CANCEL with both", PayType.CANCEL, failDescription="none", referenceNumber="MLA001")


_VALUES: dict[str, tuple[object, ...]] = {
    "true, false and null": (True, False, None),
    "an empty object, array and text": ({}, [], ""),
    "0, -1 and 2**31": (0, -1, 2**31),
    "integers of more than 53 bits": (2**53 + 1, 2**64, 10**30),
    "numbers with a point or an exponent": (0.1, 1e-300, 1e300),
}


@_case("unknown-fields", "unknown fields with any value are acknowledged", _UNKNOWN, _ADDED)
def _unknown_fields(bodies: Bodies) -> Iterator[Delivery]:
    yield bodies.good("a text and an array", fee="12.50", items=[{"currency": "PHP"}])
    yield bodies.good("20 fields", **{f"extra{number}": str(number) for number in range(20)})
    deep: object = "deep"
    for _ in range(6):
        deep = {"inside": [deep]}
    yield bodies.good("12 levels", details=deep)
    for what, values in _VALUES.items():
        amounts = {f"amount{number}": value for number, value in enumerate(values)}
        yield bodies.good(what, PayType.PAYOUT, **amounts)


_NAMES = {
    "an empty name": ("",),
    "names in Chinese and emoji": ("备注", "😀"),
    "names with signs": ("a.b", "$set", "user-name", "a b"),
    "names that JavaScript has": ("__proto__", "constructor"),
    "names that Python has": ("__class__", "self", "class"),
    "names that tables have": ("id", "_id", "order", "status", "error"),
    "a name of 200 characters": ("n" * 200,),
    "a name with U+0000": ("\x00",),
    "a name with half of a surrogate pair": ("\ud83d",),
}


@_case("unknown-names", "unknown fields with any name are acknowledged", _UNKNOWN, _ADDED)
def _unknown_names(bodies: Bodies) -> Iterator[Delivery]:
    for what, names in _NAMES.items():
        yield bodies.acknowledged(what, encode(bodies.fields() | dict.fromkeys(names, "1")))


# JSON


@_case("json-order", "fields in any order are acknowledged", _JSON)
def _order(bodies: Bodies) -> Iterator[Delivery]:
    for number in range(8):
        names = list(bodies.fields())
        names = names[number % len(names) :] + names[: number % len(names)]
        fields = bodies.fields(remark="x")
        if number == 7:
            names = sorted(fields, reverse=True)
        ordered = {name: fields[name] for name in (*names, *fields)}
        yield bodies.acknowledged(f"{next(iter(ordered))} first", encode(ordered))
    reverse = dict(reversed(bodies.fields().items()))
    yield bodies.acknowledged("in reverse", encode(reverse))
    fields = bodies.fields(PayType.PAYOUT)
    yield bodies.acknowledged("unknown fields first", encode({"a": [{"b": "}"}]} | fields))


@_case("json-spacing", "JSON with any spacing is acknowledged", _JSON)
def _spacing(bodies: Bodies) -> Iterator[Delivery]:
    def text(**form: object) -> str:
        return json.dumps(bodies.fields(), **form)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    for what, spaced in {
        "none": text(separators=(",", ":")),
        "an indent of 4": text(indent=4),
        "tabs and CRLF": text(indent="\t").replace("\n", "\r\n"),
        "spaces around every sign": text(separators=(" , ", " : ")),
        "a line break at the end": text() + "\n",
        "CRLF around it": f"\r\n{text()}\r\n",
        "spaces before it": f"   {text()}",
        "40 spaces at the end": text() + " " * 40,
    }.items():
        yield bodies.acknowledged(what, spaced.encode())


@_case("json-escapes", "JSON with any escapes is acknowledged", _JSON)
def _escapes(bodies: Bodies) -> Iterator[Delivery]:
    def letters(text: str, form: str) -> str:
        return "".join(f"\\u{ord(char):{form}}" for char in text)

    for what, form in (("values as \\u escapes", "04x"), ("values as \\U escapes in capitals", "04X")):
        texts = (f'"{name}":"{letters(str(value), form)}"' for name, value in bodies.fields().items())
        yield bodies.acknowledged(what, f"{{{','.join(texts)}}}".encode())
    fields = bodies.fields()
    names = (f'"{letters(name, "04x")}":{json.dumps(value)}' for name, value in fields.items())
    yield bodies.acknowledged("names as \\u escapes", f"{{{','.join(names)}}}".encode())
    failed = bodies.fields(PayType.FAILURE, failDescription="a/b")
    yield bodies.acknowledged("an escaped slash", encode(failed).replace(b"a/b", rb"a\/b"))
    for what, ascii_only in (("as escapes", True), ("as they are", False)):
        failed = bodies.fields(PayType.FAILURE, failDescription='余额不足 😀 \b\f\n\r\t"\\')
        text = json.dumps(failed, ensure_ascii=ascii_only).encode()
        yield bodies.acknowledged(f"Chinese and emoji {what}", text)


@_case("json-comma", "the sample's comma is tolerated with any spacing", _JSON)
def _comma(bodies: Bodies) -> Iterator[Delivery]:
    for what, end in (
        ("nothing", b""),
        ("a space", b" "),
        ("a line break", b"\n"),
        ("CRLF and a tab", b"\r\n\t"),
    ):
        yield bodies.acknowledged(
            f"{what} between comma and brace", encode(bodies.fields())[:-1] + b"," + end + b"}"
        )


@_case(
    "byte-order-mark",
    "a body with a byte order mark is acknowledged",
    "point 9: a byte order mark is tolerated",
)
def _byte_order_mark(bodies: Bodies) -> Iterator[Delivery]:
    for status in (PayType.UPLOAD, PayType.FAILURE):
        yield bodies.acknowledged(status.name, b"\xef\xbb\xbf" + encode(bodies.fields(status)))


# Encryption and HTTP


@_case("base64-lines", "Base64 wrapped in lines is acknowledged", _AROUND)
def _base64_lines(bodies: Bodies) -> Iterator[Delivery]:
    bodies.needs_keys()
    for what, width, newline, last in (
        ("76 characters, CRLF", 76, "\r\n", ""),
        ("76 characters, CRLF, also at the end", 76, "\r\n", "\r\n"),
        ("76 characters, LF", 76, "\n", ""),
        ("64 characters, LF, also at the end", 64, "\n", "\n"),
        ("61 characters, LF", 61, "\n", ""),
        ("4 characters, LF", 4, "\n", ""),
        ("one line with LF at its end", 10**6, "\n", "\n"),
        ("one line with CRLF at its end", 10**6, "\r\n", "\r\n"),
    ):
        body = bodies.encrypted(encode(bodies.fields(PayType.FAILURE))).decode()
        wrapped = newline.join(wrap(body, width)) + last
        yield Delivery(what, Request(wrapped.encode()), "acknowledged", bodies.keys[-1])


@_case("base64-alphabet", "every character of Base64 is decoded", _AROUND)
def _base64_alphabet(bodies: Bodies) -> Iterator[Delivery]:
    bodies.needs_keys()
    for ending, special in product((b"==", b"=", b""), (b"+", b"/")):
        text = next(
            text
            for text in _longer_and_longer(bodies)
            if _is_written(bodies.encrypted(text), special, ending)
        )
        yield bodies.acknowledged(f"a {special.decode()}, and {len(ending)} = at the end", text)


def _longer_and_longer(bodies: Bodies) -> Iterator[bytes]:
    return (encode(bodies.fields(remark="x" * number)) for number in count())


def _is_written(body: bytes, special: bytes, ending: bytes) -> bool:
    return special in body and body[len(body.rstrip(b"=")) :] == ending


@_case("padding", "every length of padding is decrypted", _AROUND)
def _block_lengths(bodies: Bodies) -> Iterator[Delivery]:
    bodies.needs_keys()
    text = encode(bodies.fields(remark=""))
    for padding in range(1, 17):
        spaces = "x" * ((-padding - len(text)) % 16)
        yield bodies.acknowledged(f"{padding} bytes of padding", encode(bodies.fields(remark=spaces)))


@_case("content-type", "a charset in the content type is acknowledged", _HTTP)
def _content_types(bodies: Bodies) -> Iterator[Delivery]:
    for content_type in (
        "text/plain; charset=utf-8",
        "text/plain;charset=UTF-8",
        'text/plain; charset="utf-8"',
        "Text/Plain",
    ):
        delivery = bodies.good(content_type, PayType.FAILURE)
        yield evolve(delivery, request=evolve(delivery.request, content_type=content_type))


@_case(
    "chunked",
    "a chunked request is acknowledged",
    _HTTP,
    "It has no Content-Length, so some servers read an empty body. Django under WSGI does: "
    f"see wsgi.py of the Django recipe. {_LOST}",
)
def _chunked(bodies: Bodies) -> Iterator[Delivery]:
    for status in (PayType.UPLOAD, PayType.FAILURE):
        delivery = bodies.good(status.name, status, failDescription="余额不足" * 300)
        yield evolve(delivery, request=evolve(delivery.request, chunked=True))


@_case("header-names", "header names in capitals are acknowledged", _HTTP)
def _header_names(bodies: Bodies) -> Iterator[Delivery]:
    delivery = bodies.good("")
    yield evolve(delivery, request=evolve(delivery.request, shouted=True))


@_case("one-connection", "callbacks over one connection are acknowledged", _HTTP, how="over one connection")
def _one_connection(bodies: Bodies) -> Iterator[Delivery]:
    for number in ("first", "second", "third"):
        yield bodies.good(f"the {number} callback")


@_case(
    "one-connection-after-rejection",
    "good and bad callbacks over one connection each get the right response",
    _HTTP,
    how="over one connection",
)
def _one_connection_after_rejection(bodies: Bodies) -> Iterator[Delivery]:
    yield bodies.good("the first callback")
    yield bodies.wrong("a wrong secret after it", authentication=bodies.other(WRONG_AUTHENTICATION))
    yield bodies.good("a good callback after a wrong secret")
    yield evolve(bodies.rejected("no JSON", b"payout" * 50), expected="anything")
    yield bodies.good("a good callback after no JSON")


# What is authenticated but invalid


def _invalid(*names: str) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        for case in rejection_cases(bodies.parser):
            fields = tuple(name for name, _ in case.field_errors)
            if case.error is InvalidCallbackError and (fields == names if names else len(fields) > 1):
                cipher = bodies.keys[-1] if bodies.keys else None
                yield Delivery(case.name, Request(case.body), "acknowledged", cipher)

    return deliveries


for slug, invalid in _INVALID.items():
    rule = f"an authenticated callback with {invalid} invalid is acknowledged"
    _case(f"invalid-{slug}", rule, _INVALID_FIELDS, _QUARANTINE)(_invalid(invalid))

_case(
    "invalid-several",
    "an authenticated callback with several invalid fields is acknowledged",
    _INVALID_FIELDS,
    _QUARANTINE,
)(_invalid())


@_case("unknown-status", "a status that SkyPay has not defined yet is acknowledged", _ANY_STATUS, _QUARANTINE)
def _unknown_status(bodies: Bodies) -> Iterator[Delivery]:
    for status in (7, 8, 0, 99):
        yield bodies.good(f'payType "{status}"', status)
        yield bodies.good(f"payType {status}", status, payType=status)


@_case(
    "invalid-redelivered",
    "a redelivery of an invalid callback is acknowledged",
    _INVALID_FIELDS,
    _QUARANTINE,
    how="in turn",
)
def _invalid_again(bodies: Bodies) -> Iterator[Delivery]:
    text = encode(_without(bodies.fields(), "controlNumber"))
    for number in ("first", "second"):
        yield bodies.acknowledged(f"the {number} delivery", text)


# Rotation


@_case("older-secret", "a callback with an older secret is acknowledged", _ROTATION)
def _older_secret(bodies: Bodies) -> Iterator[Delivery]:
    older = bodies.secrets[:-1]
    if not older:
        raise Skip("only one secret is configured")
    for number, secret in enumerate(older, 1):
        for status in PayType:
            yield bodies.good(
                f"{status.name} with secret {number} of {len(older) + 1}", status, authentication=secret
            )


@_case(
    "older-key", "a callback under an older key is acknowledged under the same key", _ROTATION, how="in turn"
)
def _older_key(bodies: Bodies) -> Iterator[Delivery]:
    for key in bodies.older_keys:
        for status in PayType:
            what = f"{status.name} under key {key + 1} of {len(bodies.keys)}"
            yield bodies.acknowledged(what, encode(bodies.fields(status)), key=key)
        yield bodies.good("the newest key afterwards")


@_case(
    "older-key-padding",
    "the right key is found even if the padding fits another key too",
    _ROTATION,
    "1 of 250 wrong keys yields valid padding, so padding alone does not say which key fits.",
)
def _padding_fits(bodies: Bodies) -> Iterator[Delivery]:
    newest = len(bodies.older_keys)
    for key, other in ((0, newest), (newest, 0)):
        fields = bodies.fields()
        texts = (encode(fields | {"remark": str(number)}) for number in count())
        # 1 of 250 is one.
        text = next(
            text for text in texts if _seems_decrypted(bodies.keys[other], bodies.encrypted(text, key))
        )
        what = f"under key {key + 1}, with padding that fits key {other + 1} too"
        yield bodies.acknowledged(what, text, key=key)


def _seems_decrypted(cipher: BodyCipher, body: bytes) -> bool:
    try:
        cipher.decrypt(body)
    except DecryptionError:
        return False
    return True


# At the same time


@_case("together", "different callbacks at the same time are acknowledged", _AT_ONCE, how="together")
def _different_at_once(bodies: Bodies) -> Iterator[Delivery]:
    for number in range(TOGETHER):
        yield bodies.good(f"callback {number + 1} at once", list(PayType)[number % 6])


@_case("together-same", "copies of one callback at the same time are acknowledged", _AT_ONCE, how="together")
def _same_at_once(bodies: Bodies) -> Iterator[Delivery]:
    text = encode(bodies.fields(PayType.PAYOUT))
    for number in range(TOGETHER):
        yield bodies.acknowledged(f"copy {number + 1} at once", text)


@_case(
    "together-payout",
    "all statuses of one payout at the same time are acknowledged",
    _AT_ONCE,
    how="together",
)
def _one_payout_at_once(bodies: Bodies) -> Iterator[Delivery]:
    payout = bodies.payout()
    for status in PayType:
        yield bodies.good(f"{status.name} of one payout at once", status, controlNumber=payout)


@_case(
    "together-keys",
    "callbacks under several keys at the same time are acknowledged",
    _AT_ONCE,
    how="together",
)
def _keys_at_once(bodies: Bodies) -> Iterator[Delivery]:
    keys = len(bodies.older_keys) + 1
    for number in range(TOGETHER):
        key = number % keys
        yield bodies.acknowledged(f"a callback under key {key + 1} at once", encode(bodies.fields()), key=key)


@_case(
    "together-rejections",
    "good callbacks and wrong secrets at the same time each get the right response",
    _AT_ONCE,
    _FORGED,
    how="together",
)
def _good_and_bad_at_once(bodies: Bodies) -> Iterator[Delivery]:
    for number in range(TOGETHER // 2):
        yield bodies.good(f"good callback {number + 1} at once")
        yield bodies.wrong(
            f"wrong secret {number + 1} at once", authentication=bodies.other(WRONG_AUTHENTICATION)
        )


# What is not authenticated


_ACCENTS = str.maketrans("aeiouAEIOU", "áéíóúÁÉÍÓÚ")


def _near_texts(text: str) -> Iterator[tuple[str, object]]:
    """Near misses of a text, such as sloppy comparisons take for it."""
    half = len(text) // 2
    yield "without its last character", text[:-1]
    yield "without its first character", text[1:]
    yield "its first half", text[:half]
    yield "its first character", text[:1]
    yield "with one character more", f"{text}0"
    yield "with another last character", text[:-1] + ("0" if text[-1:] != "0" else "1")
    yield "twice", text + text
    yield "backwards", text[::-1]
    yield "without hyphens", text.replace("-", "")
    yield "with accents", text.translate(_ACCENTS)
    yield "in another case", text.swapcase()
    yield "in lower case", text.lower()
    yield "in capitals", text.upper()
    for what, space in (("a space", " "), ("a line break", "\n"), ("a tab", "\t"), ("U+0000", "\x00")):
        yield f"with {what} after it", text + space
    yield "with a space before it", f" {text}"
    yield "with a comma after it", f"{text},"
    yield "with a comma before it", f",{text}"
    yield "in quotes", f'"{text}"'
    yield "in full width", "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
    for pattern in (" ", ",", "%", "*", ".*", "' OR '1'='1", "null", "undefined", "None", "0", "true"):
        yield f"the text {pattern}", pattern


_MISSING: tuple[tuple[str, object], ...] = (("null", None), ("empty", ""))


_TYPES: tuple[tuple[str, object], ...] = (
    ("0", 0),
    ("1", 1),
    ("true", True),
    ("false", False),
    ("an empty array", []),
    ("an empty object", {}),
    ("a query", {"$ne": None}),
    ("a query for any text", {"$regex": ".*"}),
)


def _near(name: str) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        if name == "authentication":
            known: tuple[str, ...] = tuple(
                one for each in bodies.parser.credentials for one in each.authentication
            )
            texts = {value: f"a known value {what}" for one in known for what, value in _near_texts(one)}
            texts |= {
                text: what
                for text, what in (
                    (",".join(known), "all of them with commas"),
                    (", ".join(known), "all, commas and spaces"),
                )
                if text not in known
            }
            texts[bodies.user_name] = "the account's name"
        else:
            known = tuple(one.user_name for one in bodies.parser.credentials)
            texts = {value: f"it {what}" for one in known for what, value in _near_texts(one)}
            texts[bodies.user_name.partition("@")[0]] = "it without @"
        statuses = cycle(PayType)
        for value, what in texts.items():
            if value and value not in known:
                yield bodies.wrong(f"{name}: {what}", next(statuses), **{name: value})

    return deliveries


_case("secret-near", "a secret that is nearly right is rejected", _SECRET, _FORGED)(_near("authentication"))

_case("account-near", "an account that is nearly right is rejected", _ACCOUNT, _FORGED)(_near("userName"))


def _for_every_status(name: str) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        for status in (*PayType, 7):
            wrong = bodies.other(WRONG_AUTHENTICATION if name == "authentication" else "Other@skypay")
            label = PayType(status).name if status != 7 else "status 7"
            yield bodies.wrong(f"{label} with another {name}", status, **{name: wrong})
            yield bodies.rejected(f"{label} without {name}", _without(bodies.fields(status), name))
            for what, value in _MISSING:
                yield bodies.wrong(f"{label} with {name} {what}", status, **{name: value})

    return deliveries


_case("secret-wrong", "a wrong or missing secret is rejected, whatever the status", _SECRET, _FORGED)(
    _for_every_status("authentication")
)

_case("account-wrong", "a wrong or missing account is rejected, whatever the status", _ACCOUNT, _FORGED)(
    _for_every_status("userName")
)


def _wrong_types(name: str) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        right = bodies.fields()[name]
        statuses = cycle(PayType)
        for what, value in (*_TYPES, ("it in an array", [right]), ("it in an object", {"value": right})):
            yield bodies.wrong(f"{name}: {what}", next(statuses), **{name: value})

    return deliveries


_case("secret-type", "a secret of another JSON type is rejected", _SECRET, _FORGED)(
    _wrong_types("authentication")
)

_case("account-type", "an account of another JSON type is rejected", _ACCOUNT, _FORGED)(
    _wrong_types("userName")
)


@_case(
    "authenticated-first",
    "an invalid callback with a wrong secret is rejected",
    _SECRET,
    "Unauthenticated senders can fill the quarantine, and learn what is valid.",
)
def _invalid_and_wrong(bodies: Bodies) -> Iterator[Delivery]:
    wrong = bodies.other(WRONG_AUTHENTICATION)
    required = ("action", "controlNumber", "payType", "dealTime")
    for name in required:
        fields = _without(bodies.fields(authentication=wrong), name)
        yield bodies.rejected(f"a wrong secret and no {name}", fields)
        yield bodies.wrong(f"a wrong secret and an empty {name}", authentication=wrong, **{name: ""})
    for name, value in (
        ("payType", 0),
        ("dealTime", "Tuesday"),
        ("controlNumber", "SKY**12345678"),
        ("failDescription", 4),
    ):
        yield bodies.wrong(f"a wrong secret and {name} {value}", authentication=wrong, **{name: value})
        yield bodies.wrong(
            f"another account and {name} {value}", userName=bodies.other("Other@skypay"), **{name: value}
        )
    yield bodies.rejected(
        "no secret and no controlNumber", _without(bodies.fields(), "authentication", "controlNumber")
    )
    yield bodies.rejected("an empty object", {})
    yield bodies.rejected("only a wrong secret", {"userName": bodies.user_name, "authentication": wrong})
    yield bodies.rejected("only unknown fields", {"hello": "world"})


@_case(
    "forged-redelivery", "a known callback with a wrong secret is rejected", _SECRET, _FORGED, how="in turn"
)
def _forged_redelivery(bodies: Bodies) -> Iterator[Delivery]:
    for status in (PayType.UPLOAD, PayType.PAYOUT):
        fields = bodies.fields(status)
        yield bodies.acknowledged(f"{status.name}", encode(fields))
        wrong = fields | {"authentication": bodies.other(WRONG_AUTHENTICATION)}
        yield bodies.rejected(f"the same {status.name} with a wrong secret", wrong)
        yield bodies.rejected(f"the same {status.name} without a secret", _without(fields, "authentication"))


@_case(
    "good-after-forgery", "a callback is acknowledged even after a forged copy of it", _STATE, how="in turn"
)
def _good_after_forgery(bodies: Bodies) -> Iterator[Delivery]:
    for status in (PayType.UPLOAD, PayType.PAYOUT):
        fields = bodies.fields(status)
        forged = fields | {"authentication": bodies.other(WRONG_AUTHENTICATION)}
        yield evolve(bodies.rejected(f"a forged {status.name}", forged), expected="anything")
        yield bodies.acknowledged(f"{status.name} after a forged copy of it", encode(fields))


# What is not a callback


def _texts_rejected(*texts: tuple[str, Callable[[bytes], bytes]]) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        for what, made in texts:
            yield bodies.rejected(what, made(encode(bodies.fields())))

    return deliveries


_case("not-json", "a body that is not JSON is rejected", _ONLY_JSON, _UNKNOWN_SENDER)(
    _texts_rejected(
        ("a word", lambda _: b"payout"),
        ("a page of HTML", lambda _: b"<!DOCTYPE html><title>502</title>"),
        ("a form", lambda _: b"userName=AppName%40skypay&payType=1"),
        ("single quotes", lambda text: text.replace(b'"', b"'")),
        ("names without quotes", lambda text: text.replace(b'"payType"', b"payType")),
        ("a comment", lambda text: text[:-1] + b"/* paid */}"),
        ("a line break in a text", lambda text: _with_remark(text, b"a\nb")),
        ("an unknown escape", lambda text: _with_remark(text, rb"a\qb")),
    )
)

_case(
    "other-commas",
    "superfluous or missing commas, except the sample's, are rejected",
    _ONLY_JSON,
    _UNKNOWN_SENDER,
)(
    _texts_rejected(
        ("two commas before the brace", lambda text: text[:-1] + b",,}"),
        ("two commas between fields", lambda text: text.replace(b",", b",,", 1)),
        ("a comma at the end of an array", lambda text: text[:-1] + b',"items":[1,]}'),
        ("no comma between fields", lambda text: text.replace(b",", b"", 1)),
    )
)

_case("not-an-object", "JSON that is not an object is rejected", _ONE_OBJECT, _UNKNOWN_SENDER)(
    _texts_rejected(
        ("the callback in an array", lambda text: b"[" + text + b"]"),
        ("the callback in a string", lambda text: json.dumps(text.decode()).encode()),
        ("a number", lambda _: b"1000"),
        ("null", lambda _: b"null"),
        ("true", lambda _: b"true"),
        ("an empty array", lambda _: b"[]"),
    )
)

_case("not-utf8", "a body that is not UTF-8 is rejected", _ONE_OBJECT, _UNKNOWN_SENDER)(
    _texts_rejected(
        ("Latin-1", lambda text: _with_remark(text, b"caf\xe9")),
        ("GBK", lambda text: _with_remark(text, "余额不足".encode("gbk"))),
        ("UTF-16", lambda text: text.decode().encode("utf-16")),
        ("half a character", lambda text: _with_remark(text, "余".encode()[:2])),
    )
)

_case("cut-short", "a body that is cut short is rejected", _ONE_OBJECT, _UNKNOWN_SENDER)(
    _texts_rejected(
        ("without the brace", lambda text: text[:-1]),
        ("in a value", lambda text: text[:-5]),
        ("after a comma", lambda text: text[: text.rindex(b",") + 1]),
        ("in the middle", lambda text: text[: len(text) // 2]),
    )
)

_case("trailing-text", "text after the object is rejected", _ONE_OBJECT, _UNKNOWN_SENDER)(
    _texts_rejected(
        ("the callback twice", lambda text: text + text),
        ("a letter", lambda text: text + b"x"),
        ("a second brace", lambda text: text + b"}"),
        ("a second object in a line of its own", lambda text: text + b"\n{}"),
        ("a comma", lambda text: text + b","),
    )
)


@_case("empty-body", "an empty body is rejected", _ONE_OBJECT, _UNKNOWN_SENDER)
def _empty(bodies: Bodies) -> Iterator[Delivery]:
    yield Delivery("an empty body", Request(b""), "rejected")
    yield Delivery("a line break", Request(b"\r\n"), "rejected")
    if bodies.keys:
        yield bodies.rejected("an empty text, encrypted", b"")


def _with_remark(text: bytes, remark: bytes) -> bytes:
    return text[:-1] + b', "failDescription": "' + remark + b'"}'


def _duplicates(
    *pairs: tuple[str, Callable[[Bodies], bytes], bool],
) -> Deliveries:
    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        for what, more, first in pairs:
            text, twice = encode(bodies.fields()), more(bodies)
            yield bodies.rejected(
                what, b"{" + twice + b"," + text[1:] if first else text[:-1] + b"," + twice + b"}"
            )

    return deliveries


def _wrong_secret_field(bodies: Bodies) -> bytes:
    return json.dumps({"authentication": bodies.other(WRONG_AUTHENTICATION)})[1:-1].encode()


def _right_secret_field(bodies: Bodies) -> bytes:
    return json.dumps({"authentication": bodies.secrets[-1]})[1:-1].encode()


def _written(text: bytes) -> Callable[[Bodies], bytes]:
    return lambda _: text


_case("duplicate-secret", "a duplicate authentication field is rejected", _DUPLICATE, _TWO_READERS)(
    _duplicates(
        ("a wrong secret last", _wrong_secret_field, False),
        ("a wrong secret first", _wrong_secret_field, True),
        ("the right secret twice", _right_secret_field, False),
        ("null first", _written(b'"authentication": null'), True),
    )
)

_case("duplicate-field", "a duplicate field is rejected", _DUPLICATE, _TWO_READERS)(
    _duplicates(
        ("payType last", _written(b'"payType": "2"'), False),
        ("payType first", _written(b'"payType": "2"'), True),
        ("another account first", _written(b'"userName": "Other@skypay"'), True),
        ("another control number last", _written(b'"controlNumber": "SK99999999999"'), False),
        ("a name written with an escape", _written(rb'"pay\u0054ype": "2"'), False),
        ("inside an unknown field", _written(b'"fee": {"php": 1, "php": 2}'), False),
    )
)


@_case(
    "oversize",
    "a body larger than 1 MiB is rejected",
    "point 9: larger than the limit",
    "Anyone can fill the memory and the disk.",
)
def _oversize(bodies: Bodies) -> Iterator[Delivery]:
    large = bodies.wrong("", note="x" * OVERSIZE)
    yield evolve(large, may_close=True, secrets=())


@_case(
    "plain-json",
    "plain JSON is rejected where bodies are encrypted",
    _AROUND,
    "A forgotten setting must not let plain JSON through.",
)
def _plain(bodies: Bodies) -> Iterator[Delivery]:
    bodies.needs_keys()
    for status in (PayType.UPLOAD, PayType.PAYOUT):
        yield Delivery(status.name, Request(encode(bodies.fields(status))), "rejected")
    yield Delivery("in Base64", Request(b64encode(encode(bodies.fields()))), "rejected")


@_case("not-base64", "a body that is not Base64 is rejected", _AROUND, _NO_CRASH)
def _not_base64(bodies: Bodies) -> Iterator[Delivery]:
    bodies.needs_keys()
    body = bodies.encrypted(encode(bodies.fields()))
    yield Delivery("a % before it", Request(b"%" + body), "rejected")
    yield Delivery("a % in it", Request(body[:40] + b"%" + body[40:]), "rejected")
    yield Delivery("text after it", Request(body + b" paid"), "rejected")
    yield Delivery("the bytes themselves", Request(b64decode(body)), "rejected")


@_case("broken-blocks", "a body with missing or incomplete AES blocks is rejected", _AROUND, _NO_CRASH)
def _broken_blocks(bodies: Bodies) -> Iterator[Delivery]:
    bodies.needs_keys()
    data = b64decode(bodies.encrypted(encode(bodies.fields())))
    yield Delivery("half a block at the end", Request(b64encode(data[:-8])), "rejected")
    yield Delivery("one block less", Request(b64encode(data[:-16])), "rejected")
    yield Delivery("half a block", Request(b64encode(data[:8])), "rejected")


@_case("other-key", "a body encrypted with another key is rejected", _AROUND, _FORGED)
def _other_key(bodies: Bodies) -> Iterator[Delivery]:
    bodies.needs_keys()
    from ..encryption import BodyCipher  # an extra, which plain bodies do not need

    text = encode(bodies.fields())
    for number in range(3):
        body = BodyCipher(f"a key that nobody issued {number}").encrypt(text)
        yield Delivery(f"another key, {number + 1}", Request(body), "rejected")
    data = b64decode(bodies.encrypted(text))
    yield Delivery("blocks in reverse", Request(b64encode(data[::-1])), "rejected")


@_case(
    "good-after-rejection",
    "a good callback after each kind of rejection is acknowledged",
    _STATE,
    how="in turn",
)
def _good_after_rejection(bodies: Bodies) -> Iterator[Delivery]:
    text = encode(bodies.fields())
    bad = [
        bodies.wrong("a wrong secret", authentication=bodies.other(WRONG_AUTHENTICATION)),
        bodies.wrong("an empty secret", authentication=""),
        bodies.wrong("another account", userName=bodies.other("Other@skypay")),
        bodies.rejected("no secret", _without(bodies.fields(), "authentication")),
        Delivery("an empty body", Request(b""), "anything"),
        bodies.rejected("no JSON", b"payout"),
        bodies.rejected("an array", b"[1]"),
        bodies.rejected("Latin-1", _with_remark(text, b"caf\xe9")),
        bodies.rejected("a body cut short", text[:-20]),
        bodies.rejected("a duplicate field", text[:-1] + b',"payType":"2"}'),
        next(_oversize(bodies)),
    ]
    if bodies.keys:
        bad += [next(iter(kind(bodies))) for kind in (_plain, _not_base64, _broken_blocks, _other_key)]
    for one in bad:
        yield evolve(one, expected="anything")
        yield bodies.good(f"a good callback after {one.what or 'a body larger than 1 MiB'}")


CASES = tuple(_CASES)
"""Every case that delivers callbacks."""

ANY = Rule(
    "any-acknowledged",
    "at least one callback is acknowledged",
    _ANY_STATUS,
    "If everything is rejected, a rejection proves nothing.",
)
TIME = Rule(
    "response-time",
    "each responseTime is the time of its own response",
    "point 6: responseTime",
    "SkyPay reads it as the moment when the callback was received.",
)
IN_TIME = Rule(
    "in-time",
    "every response comes within 5 s",
    "section 3.2 names no limit; this one is generous",
    "A sender that stops waiting closes the connection, and the callback may be lost.",
)
STORED_ONCE = Rule(
    "stored-once",
    "every acknowledged callback is stored once",
    _REPEATS,
    "One that is acknowledged but not stored is lost; one that is stored twice may be processed twice.",
)
STORED_INTACT = Rule(
    "stored-intact",
    "events are stored as they arrived, including Chinese and unknown fields",
    "points 7 and 11",
    "A damaged text cannot be restored.",
)
STORED_TIME = Rule(
    "stored-time",
    "dealTime is stored as the same instant, UTC+8",
    _TIME,
    "Events that are 8 hours off are sorted and reconciled wrongly.",
)
STORED_REJECTED = Rule("stored-rejected", "nothing that was rejected is stored", _SECRET, _FORGED)
RULES: tuple[Rule, ...] = (
    *CASES,
    TIME,
    ANY,
    IN_TIME,
    STORED_ONCE,
    STORED_INTACT,
    STORED_TIME,
    STORED_REJECTED,
)
"""Every rule, in the order of their results."""
"""Every rule, in the order of their results."""
