"""Texts that people, vendors and languages write."""

from ..._formatting import quoted
from ..._pay_type import PayType
from .._bodies import Bodies
from .._rule import RULES, Deliveries, Rule
from ._reasons import LOST

FALSY = f"Such a text is a value, not the absence of one. {LOST}"
NOT_STORABLE = f"failDescription and referenceNumber may not hold it: quarantine it, and acknowledge. {LOST}"

_TEXTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("text-chinese", "Chinese", LOST, ("余额不足，请联系客户经理。", "𠮷野家", "Peña, naïve café")),  # noqa: RUF001
    ("text-emoji", "emoji", LOST, ("已取消 😀", "👨‍👩‍👧 🇵🇭")),
    ("text-long", "up to 4,000 characters", LOST, ("余" * 256, "余额不足" * 1000)),
    (
        "text-quotes",
        "quotes, SQL, JSON or template syntax",
        LOST,
        (
            *('O\'Brien said "no"', "C:\\temp\\new \\u0041", "'); DROP TABLE callbacks; --"),
            *(",} {{7*7}} ${user} %s %(x)s {0}", '{"code": "E1", "items": [1]}'),
        ),
    ),
    ("text-line-breaks", "line breaks", LOST, ("first\nsecond\r\nthird", "a\tb", "a\u2028b\u0085c\x0b")),
    ("text-markup", "markup", LOST, ("<b>&amp; ]]> -->", "a=1&b=2+3%20%zz", "  padded  ")),
    ("text-controls", "control characters", LOST, ("a\x07b", "\x1b[31mred", "a\ufeffb", "\x7f")),
    (
        "text-falsy",
        "what a language takes for nothing",
        FALSY,
        ("0", "null", "false", "undefined", " ", "\t "),
    ),
    ("text-normal-forms", "either normal form of Unicode", LOST, ("caf\u00e9 \u00c5", "cafe\u0301 A\u030a")),
    ("text-nul", "U+0000", NOT_STORABLE, ("paid\x00twice",)),
    ("text-lone-surrogate", "a lone surrogate", NOT_STORABLE, ("cash \ud83d", "\ude00 cash")),
)
for name, kind, why, texts in _TEXTS:

    def deliveries(bodies: Bodies, texts: tuple[str, ...] = texts) -> Deliveries:
        for text in texts:
            what = quoted(text)
            yield bodies.good(f"failDescription {what}", PayType.FAILURE, failDescription=text)
            yield bodies.good(f"referenceNumber {what}", referenceNumber=text)
            yield bodies.good(f"an unknown field {what}", PayType.PAYOUT, remark=text)

    sentence = f"Text fields with {kind} are acknowledged"
    RULES.append(Rule(name, "texts", sentence, "point 11 and the encoding, UTF-8", why, deliveries))
