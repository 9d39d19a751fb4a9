"""Control numbers, times, optional and unknown fields."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from secrets import randbelow

from ..._pay_type import PayType
from ..._times import SKYPAY_ZONE
from ...testing import encode
from .._bodies import Bodies
from .._outcome import Skip
from .._rule import Delivery, rule
from ._reasons import ADDED, LOST, NUMBER, TIME, UNKNOWN


@rule("control-number-lengths", NUMBER, LOST)
def lengths(bodies: Bodies) -> Iterator[Delivery]:
    """Control numbers of every length are acknowledged."""
    bodies.needs_any_payout()
    for digits, zeros in product((8, 9, 10), (0, 4)):
        serial = "0" * zeros + str(10 ** (digits - zeros - 1) + randbelow(9 * 10 ** (digits - zeros - 1)))
        what = f"{digits} digits" + (" that begin with zeros" if zeros else "")
        yield bodies.good(what, controlNumber=bodies.prefix + serial)


@rule("control-number-prefixes", NUMBER, LOST)
def prefixes(bodies: Bodies) -> Iterator[Delivery]:
    """Prefixes of letters, digits or both are acknowledged."""
    bodies.needs_any_payout()
    if bodies.parser.credentials[0].prefixes:
        raise Skip("the account's prefixes are configured")
    for what, prefix in (
        ("SKY and two digits", "SKY99"),
        ("only digits", "12345"),
        ("only letters", "SKYAB"),
        ("lower case", "sky9a"),
    ):
        yield bodies.good(f"a prefix of {what}", controlNumber=prefix + bodies.serial())


@rule(
    "control-number-case",
    NUMBER,
    f"A database that ignores case takes two payouts for one. {LOST}",
    how="in turn",
)
def case(bodies: Bodies) -> Iterator[Delivery]:
    """Two payouts whose control numbers differ in case only are both acknowledged."""
    bodies.needs_any_payout()
    if bodies.parser.credentials[0].prefixes:
        raise Skip("the account's prefixes are configured")
    serial, time = bodies.serial(), bodies.moment()
    for what, prefix in (("capitals", "SKYAB"), ("lower case", "skyab")):
        yield bodies.good(f"a prefix in {what}", controlNumber=prefix + serial, dealTime=time)


@rule("deal-time-documented", TIME, LOST)
def documented_times(bodies: Bodies) -> Iterator[Delivery]:
    """A dealTime in its documented form is acknowledged."""
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


@rule("deal-time-iso", TIME, LOST)
def iso_times(bodies: Bodies) -> Iterator[Delivery]:
    """A dealTime with T, a fraction or an offset is acknowledged."""
    forms = ("", "Z", "+08:00", "+0800", "+08", "-05:00", "+05:30", ".5", ".52", ".521", ".5211", ".521123")
    for form in (*forms, ".5211234", ".521123456", ".521Z", ".521+08:00"):
        yield bodies.good(
            f"T and {form or 'nothing else'}", dealTime=f"{bodies.time():%Y-%m-%dT%H:%M:%S}{form}"
        )
    for form in (".0", ".521", ".5211", "+08:00", "Z"):
        yield bodies.good(f"a space and {form}", dealTime=f"{bodies.moment()}{form}")


@rule("deal-time-far", TIME, f"A cashier's clock may be wrong, and a redelivery may be late. {LOST}")
def far_times(bodies: Bodies) -> Iterator[Delivery]:
    """A dealTime far from now is acknowledged."""
    days = {"yesterday": -1, "31 days ago": -31, "2 years ago": -730, "tomorrow": 1, "next year": 365}
    for what, far in days.items():
        yield bodies.good(what, dealTime=f"{bodies.time() + timedelta(days=far):%Y-%m-%d %H:%M:%S}")
    for minutes in (5, 65):
        ahead = datetime.now(SKYPAY_ZONE) + timedelta(minutes=minutes)
        yield bodies.good(f"in {minutes} minutes", PayType.PAYOUT, dealTime=f"{ahead:%Y-%m-%d %H:%M:%S}")


@rule("optional-fields", "point 3: not given", LOST)
def optional(bodies: Bodies) -> Iterator[Delivery]:
    """Optional fields may be absent, null or empty."""
    names = ("failDescription", "referenceNumber")
    for status in (PayType.UPLOAD, PayType.FAILURE):
        fields = {name: value for name, value in bodies.fields(status).items() if name not in names}
        yield bodies.acknowledged(f"{status.name} without them", encode(fields))
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


@rule("unknown-fields", UNKNOWN, ADDED)
def unknown_fields(bodies: Bodies) -> Iterator[Delivery]:
    """Unknown fields with any value are acknowledged."""
    yield bodies.good("a text and an array", fee="12.50", items=[{"currency": "PHP"}])
    yield bodies.good("20 fields", **{f"extra{number}": str(number) for number in range(20)})
    deep: object = "deep"
    for _ in range(6):
        deep = {"inside": [deep]}
    yield bodies.good("12 levels", details=deep)
    for what, values in _VALUES.items():
        amounts = {f"amount{number}": value for number, value in enumerate(values)}
        yield bodies.good(what, PayType.PAYOUT, **amounts)


_NAMES: dict[str, tuple[str, ...]] = {
    "an empty name": ("",),
    "names in Chinese and emoji": ("备注", "😀"),
    "names with signs": ("a.b", "$set", "user-name", "a b"),
    "names with capitals": ("feeAmount", "FeeType", "FEE"),
    "names that are numbers": ("0", "1", "-1"),
    "names that JavaScript has": ("__proto__", "constructor", "hasOwnProperty", "toString"),
    "names that Python has": ("__class__", "self", "class"),
    "names that tables have": ("id", "_id", "order", "status", "error"),
    "a name of 200 characters": ("n" * 200,),
    "a name with U+0000": ("\x00",),
    "a name with a lone surrogate": ("\ud83d",),
}


@rule("unknown-names", UNKNOWN, ADDED)
def unknown_names(bodies: Bodies) -> Iterator[Delivery]:
    """Unknown fields with any name are acknowledged."""
    for what, names in _NAMES.items():
        yield bodies.acknowledged(what, encode(bodies.fields() | dict.fromkeys(names, "1")))


@rule(
    "name-case", UNKNOWN, f"JSON names differ in case; decoders of Go and C# ignore that unless told. {ADDED}"
)
def other_case(bodies: Bodies) -> Iterator[Delivery]:
    """Unknown fields whose names differ from known ones in case only are acknowledged."""
    others: dict[str, object] = {
        "AUTHENTICATION": "none",
        "UserName": "Other@skypay",
        "PAYTYPE": "9",
        "paytype": 2,
        "ControlNumber": "none",
        "dealtime": "Tuesday",
        "Action": 1,
    }
    for name, value in others.items():
        yield bodies.good(f"{name} behind the known fields", **{name: value})
        yield bodies.acknowledged(f"{name} before the known fields", encode({name: value} | bodies.fields()))
