"""Texts that people, vendors and languages write."""

from __future__ import annotations

from collections.abc import Iterator

from ..._pay_type import PayType
from .._bodies import Bodies
from .._rule import RULES, Delivery, Rule
from ._reasons import LOST, TEXT

_LONG = 4000
"""Characters of a long text, three bytes each: far below what any server limits a body to."""
_NOT_STORABLE = ("text-nul", "text-lone-surrogate")
"""failDescription and referenceNumber may not hold it: an unknown field may."""


def _texts(name: str, kind: str, texts: dict[str, str], why: str = LOST) -> None:
    """Make a rule of texts, by what is special about each."""

    def deliveries(bodies: Bodies) -> Iterator[Delivery]:
        for what, text in texts.items():
            yield bodies.good(f"{what} in failDescription", PayType.FAILURE, failDescription=text)
            both = {"referenceNumber": text, "remark": text}
            yield bodies.good(f"{what} in referenceNumber and an unknown field", **both)
            if name in _NOT_STORABLE:
                yield bodies.good(f"{what} in an unknown field", PayType.PAYOUT, remark=text)

    RULES.append(Rule(name, "texts", f"Text fields with {kind} are acknowledged", TEXT, why, deliveries))


_texts(
    "text-chinese",
    "Chinese",
    {
        "Chinese": "余额不足，请联系客户经理。",  # noqa: RUF001
        "Chinese beyond 16 bits": "𠮷野家",
        "accents": "Peña, naïve café",
    },
)
_texts("text-emoji", "emoji", {"an emoji": "已取消 😀", "a joined emoji": "👨‍👩‍👧 🇵🇭"})
_texts(
    "text-long",
    f"up to {_LONG} characters",
    {"256 characters": "余" * 256, f"{_LONG} characters": "余额不足" * (_LONG // 4)},
)
_texts(
    "text-quotes",
    "quotes, SQL, JSON or template syntax",
    {
        "quotes": 'O\'Brien said "no"',
        "backslashes": "C:\\temp\\new \\u0041",
        "SQL": "'); DROP TABLE callbacks; --",
        "braces": ",} {{7*7}} ${user} %s %(x)s {0}",
        "JSON": '{"code": "E1", "items": [1]}',
    },
)
_texts(
    "text-line-breaks",
    "line breaks",
    {"line breaks": "first\nsecond\r\nthird", "a tab": "a\tb", "other breaks": "a\u2028b\u0085c\x0b"},
)
_texts(
    "text-markup",
    "markup",
    {"markup": "<b>&amp; ]]> -->", "a form": "a=1&b=2+3%20%zz", "white space around it": "  padded  "},
)
_texts(
    "text-controls",
    "control characters",
    {"a bell": "a\x07b", "an escape": "\x1b[31mred", "a byte order mark": "a\ufeffb", "DEL": "\x7f"},
)
_texts(
    "text-falsy",
    "what a language takes for nothing",
    {f"the text {text!r}": text for text in ("0", "null", "false", "undefined", " ", "\t ")},
    f"Such a text is a value, not the absence of one. {LOST}",
)
_texts(
    "text-normal-forms",
    "either normal form of Unicode",
    {"composed letters": "caf\u00e9 \u00c5", "letters and accents": "cafe\u0301 A\u030a"},
)
_texts("text-nul", "U+0000", {"U+0000": "paid\x00twice"})
_texts(
    "text-lone-surrogate",
    "a lone surrogate",
    {"the first half of a pair": "cash \ud83d", "the second half of a pair": "\ude00 cash"},
)
