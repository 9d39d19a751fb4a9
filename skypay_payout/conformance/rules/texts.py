"""Texts that people, vendors and languages write."""

from __future__ import annotations

from collections.abc import Iterator

from ..._pay_type import PayType
from .._bodies import Bodies
from .._rule import Delivery, rule
from ._reasons import LOST, TEXT

_LONG = 4000
"""Characters of a long text, three bytes each: far below what any server limits a body to."""


def _texts(bodies: Bodies, texts: dict[str, str], *, storable: bool = True) -> Iterator[Delivery]:
    for what, text in texts.items():
        yield bodies.good(f"{what} in failDescription", PayType.FAILURE, failDescription=text)
        yield bodies.good(
            f"{what} in referenceNumber and an unknown field", referenceNumber=text, remark=text
        )
        if not storable:  # those two fields may not hold it
            yield bodies.good(f"{what} in an unknown field", PayType.PAYOUT, remark=text)


@rule("text-chinese", TEXT, LOST)
def chinese(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields with Chinese are acknowledged."""
    yield from _texts(
        bodies,
        {
            "Chinese": "余额不足，请联系客户经理。",  # noqa: RUF001
            "Chinese beyond 16 bits": "𠮷野家",
            "accents": "Peña, naïve café",
        },
    )


@rule("text-emoji", TEXT, LOST)
def emoji(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields with emoji are acknowledged."""
    yield from _texts(bodies, {"an emoji": "已取消 😀", "a joined emoji": "👨‍👩‍👧 🇵🇭"})


@rule("text-long", TEXT, LOST)
def long_texts(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields with up to 4000 characters are acknowledged."""
    yield from _texts(
        bodies, {"256 characters": "余" * 256, f"{_LONG} characters": "余额不足" * (_LONG // 4)}
    )


@rule("text-quotes", TEXT, LOST)
def quotes(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields with quotes, SQL or template syntax are acknowledged."""
    yield from _texts(
        bodies,
        {
            "quotes": 'O\'Brien said "no"',
            "backslashes": "C:\\temp\\new \\u0041",
            "SQL": "'); DROP TABLE callbacks; --",
            "braces": ",} {{7*7}} ${user} %s %(x)s {0}",
        },
    )


@rule("text-line-breaks", TEXT, LOST)
def line_breaks(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields with line breaks are acknowledged."""
    breaks = {"line breaks": "first\nsecond\r\nthird", "a tab": "a\tb", "other breaks": "a\u2028b\u0085c\x0b"}
    yield from _texts(bodies, breaks)


@rule("text-markup", TEXT, LOST)
def markup(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields with markup are acknowledged."""
    form, padded = "a=1&b=2+3%20%zz", "  padded  "
    yield from _texts(bodies, {"markup": "<b>&amp; ]]> -->", "a form": form, "white space around it": padded})


@rule("text-controls", TEXT, LOST)
def controls(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields with control characters are acknowledged."""
    bell, escape, mark = "a\x07b", "\x1b[31mred", "a\ufeffb"
    texts = {"a bell": bell, "an escape": escape, "a byte order mark": mark, "DEL": "\x7f"}
    yield from _texts(bodies, texts)


@rule("text-falsy", TEXT, f"Such a text is a value, not the absence of one. {LOST}")
def falsy(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields that a language takes for nothing are acknowledged."""
    yield from _texts(
        bodies, {f"the text {text!r}": text for text in ("0", "null", "false", "undefined", " ", "\t ")}
    )


@rule("text-normal-forms", TEXT, LOST)
def normal_forms(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields in both normal forms of Unicode are acknowledged."""
    yield from _texts(
        bodies, {"composed letters": "caf\u00e9 \u00c5", "letters and accents": "cafe\u0301 A\u030a"}
    )


@rule("text-nul", TEXT, LOST)
def nul(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields with U+0000 are acknowledged."""
    yield from _texts(bodies, {"U+0000": "paid\x00twice"}, storable=False)


@rule("text-lone-surrogate", TEXT, LOST)
def lone_surrogate(bodies: Bodies) -> Iterator[Delivery]:
    """Text fields with a lone surrogate are acknowledged."""
    halves = {"the first half of a pair": "cash \ud83d", "the second half of a pair": "\ude00 cash"}
    yield from _texts(bodies, halves, storable=False)
