"""Control numbers, times, optional and unknown fields, and texts that people and languages write."""

import json
from datetime import datetime, timedelta
from itertools import product
from secrets import randbelow

from ..._formatting import canonical_json, quoted
from ..._pay_type import PayType
from ..._times import SKYPAY_ZONE
from .._bodies import Bodies, without
from .._rule import RULES, Deliveries, Rule, rule
from ._reasons import ADDED, LOST, TIME

NUMBER = "point 4: controlNumber"
UNKNOWN = "point 7: unknown extra fields"
CASE = f"A database that ignores case takes two payouts for one. {LOST}"
NAME_CASE = f"JSON names differ in case; decoders of Go and C# ignore that unless told. {ADDED}"


@rule("control-number-lengths", NUMBER, LOST, needs="payouts of its own")
def _lengths(bodies: Bodies) -> Deliveries:
    """Control numbers of every length are acknowledged."""
    for digits, zeros in product((8, 9, 10), (0, 4)):
        least = 10 ** (digits - zeros - 1)
        number = f"{bodies.prefix}{'0' * zeros}{least + randbelow(9 * least)}"
        yield bodies.good(f"{digits} digits, {zeros} zeros first", controlNumber=number)


@rule("control-number-prefixes", NUMBER, LOST, needs="any prefix")
def _prefixes(bodies: Bodies) -> Deliveries:
    """Prefixes of letters, digits or both are acknowledged."""
    for prefix in ("SKY99", "12345", "SKYAB", "sky9a"):
        yield bodies.good(f"the prefix {prefix}", controlNumber=prefix + bodies.serial())


@rule("control-number-case", NUMBER, CASE, how="in turn", needs="any prefix")
def _case(bodies: Bodies) -> Deliveries:
    """Two payouts whose control numbers differ in case only are both acknowledged."""
    serial, time = bodies.serial(), bodies.time()
    for prefix in ("SKYAB", "skyab"):
        yield bodies.good(f"the prefix {prefix}", controlNumber=prefix + serial, dealTime=time)


@rule("deal-time-documented", TIME, LOST)
def _documented_times(bodies: Bodies) -> Deliveries:
    """A dealTime in its documented form is acknowledged."""
    yesterday = f"{datetime.now(SKYPAY_ZONE) - timedelta(days=1):%Y-%m-%d}"
    clock = ("00:00:00", "00:59:59", "09:05:07", "12:00:00", "12:59:59", "13:00:00", "23:59:59")
    for time in (
        *(f"{yesterday} {time}" for time in clock),
        *("2024-02-29 12:00:00", "2024-12-30 08:00:00", "2025-12-31 23:59:59", "2026-01-01 00:00:00"),
        *("2026-03-08 02:30:00", "2026-03-29 02:30:00", "2025-11-02 01:30:00"),  # when clocks change
    ):
        yield bodies.good(time, dealTime=time)


@rule("deal-time-iso", TIME, LOST)
def _iso_times(bodies: Bodies) -> Deliveries:
    """A dealTime with T, a fraction or an offset is acknowledged."""
    fractions = (".5", ".52", ".521", ".5211", ".521123", ".5211234", ".521123456", ".521Z", ".521+08:00")
    forms = ("", "Z", "+08:00", "+0800", "+08", "-05:00", "+05:30", *fractions)
    times = [bodies.time(f"%Y-%m-%dT%H:%M:%S{form}") for form in forms]
    for time in (*times, *(f"{bodies.time()}{form}" for form in (".0", ".521", ".5211", "+08:00", "Z"))):
        yield bodies.good(time, dealTime=time)


@rule("deal-time-far", TIME, f"A cashier's clock may be wrong, and a redelivery may be late. {LOST}")
def _far_times(bodies: Bodies) -> Deliveries:
    """A dealTime far from now is acknowledged."""
    day = 24 * 60
    for minutes in (5, 65, day, 365 * day, -day, -31 * day, -730 * day):
        far = datetime.now(SKYPAY_ZONE) + timedelta(minutes=minutes)
        yield bodies.good(f"{minutes:+} minutes", PayType.PAYOUT, dealTime=f"{far:%Y-%m-%d %H:%M:%S}")


@rule("optional-fields", "point 3: not given", LOST)
def _optional(bodies: Bodies) -> Deliveries:
    """Optional fields may be absent, null or empty."""
    names = ("failDescription", "referenceNumber")
    for status in (PayType.UPLOAD, PayType.FAILURE):
        yield bodies.sent(f"{status.name} without them", without(bodies.fields(status), *names))
        for what, value in (("null", None), ("empty", "")):
            yield bodies.good(f"{status.name} with {what}", status, **dict.fromkeys(names, value))
    yield bodies.good("CANCEL with both", PayType.CANCEL, failDescription="none", referenceNumber="MLA001")


@rule("unknown-fields", UNKNOWN, ADDED)
def _unknown_fields(bodies: Bodies) -> Deliveries:
    """Unknown fields with any value are acknowledged."""
    yield bodies.good("20 fields", **{f"extra{number}": str(number) for number in range(20)})
    deep: dict[str, object] = json.loads('{"inside": [' * 6 + '"deep"' + "]}" * 6)
    for value in (
        *(deep, [{"currency": "PHP"}], {}, [], "", "12.50", True, False, None),
        *(0, -1, 2**31, 2**53 + 1, 2**64, 10**30, 0.1, 1e-300, 1e300),
    ):
        yield bodies.good(f"the value {canonical_json(value)}", PayType.PAYOUT, amount=value)


@rule("unknown-names", UNKNOWN, ADDED)
def _unknown_names(bodies: Bodies) -> Deliveries:
    """Unknown fields with any name are acknowledged."""
    for name in (
        *("", "n" * 200, "\x00", "\ud83d", "备注", "😀", "a.b", "$set", "user-name", "a b"),
        *("feeAmount", "FeeType", "FEE", "0", "1", "-1"),
        *("__proto__", "constructor", "hasOwnProperty", "toString", "__class__", "self", "class"),
        *("id", "_id", "order", "status", "error"),
    ):
        yield bodies.sent(f"the name {quoted(name)}", bodies.fields() | {name: "1"})


@rule("name-case", UNKNOWN, NAME_CASE)
def _other_case(bodies: Bodies) -> Deliveries:
    """Unknown fields whose names differ from known ones in case only are acknowledged."""
    for name, value in (
        *(("AUTHENTICATION", "none"), ("UserName", "Other@skypay"), ("PAYTYPE", "9"), ("paytype", 2)),
        *(("ControlNumber", "none"), ("dealtime", "Tuesday"), ("Action", 1)),
    ):
        yield bodies.sent(f"{name} behind the known fields", bodies.fields() | {name: value})
        yield bodies.sent(f"{name} before the known fields", {name: value} | bodies.fields())


WHY = {"text-falsy": f"Such a text is a value, not the absence of one. {LOST}"}


def _text_rule(name: str, kind: str, *texts: str) -> None:
    def deliveries(bodies: Bodies) -> Deliveries:
        for text, what in ((text, quoted(text)) for text in texts):
            yield bodies.good(f"failDescription {what}", PayType.FAILURE, failDescription=text)
            yield bodies.good(f"referenceNumber {what}", referenceNumber=text)
            yield bodies.good(f"an unknown field {what}", PayType.PAYOUT, remark=text)

    sentence, point = f"Text fields with {kind} are acknowledged", "point 11 and the encoding, UTF-8"
    RULES.append(Rule(name, "fields", sentence, point, WHY.get(name, LOST), deliveries))


_text_rule("text-chinese", "Chinese", "余额不足，请联系客户经理。", "𠮷野家", "Peña, naïve café")  # noqa: RUF001
_text_rule("text-emoji", "emoji", "已取消 😀", "👨‍👩‍👧 🇵🇭")
_text_rule("text-long", "up to 4,000 characters", "余" * 256, "余额不足" * 1000)
_text_rule(
    *("text-quotes", "quotes, SQL, JSON or template syntax", 'O\'Brien said "no"', "C:\\new \\u0041"),
    *("'); DROP TABLE callbacks; --", ",} {{7*7}} ${user} %s %(x)s {0}", '{"code": "E1", "items": [1]}'),
)
_text_rule("text-line-breaks", "line breaks", "first\nsecond\r\nthird", "a\tb", "a\u2028b\u0085c\x0b")
_text_rule("text-markup", "markup", "<b>&amp; ]]> -->", "a=1&b=2+3%20%zz", "  padded  ")
_text_rule("text-controls", "control characters", "a\x07b", "\x1b[31mred", "a\ufeffb", "\x7f")
_text_rule("text-falsy", "what languages take for nothing", "0", "null", "false", "undefined", " ", "\t ")
_text_rule("text-normal-forms", "either normal form of Unicode", "caf\u00e9 \u00c5", "cafe\u0301 A\u030a")
_text_rule("text-nul", "U+0000", "paid\x00twice")
_text_rule("text-lone-surrogate", "a lone surrogate", "cash \ud83d", "\ude00 cash")
