"""Senders who are not SkyPay: what they write in place of userName and authentication."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle

from .._credentials import Credentials
from .._pay_type import PayType
from ._bad_fields import ABSENT, Change, changed, wide
from ._bodies import WRONG_AUTHENTICATION

_WRONG_TYPES: tuple[tuple[str, object], ...] = (
    ("0", 0),
    ("1", 1),
    ("true", True),
    ("false", False),
    ("an empty array", []),
    ("an empty object", {}),
    ("a query", {"$ne": None}),
    ("a query for any text", {"$regex": ".*"}),
)
"""Values that a loose comparison or a database takes for a secret or an account."""

_ACCENTS = str.maketrans("aeiouAEIOU", "áéíóúÁÉÍÓÚ")


def wrong_senders(accounts: Sequence[Credentials]) -> Iterator[tuple[str, str, int, Change]]:
    """Yield kind, name, status, and what makes the fields those of somebody else."""
    own = accounts[0]
    names = [one.user_name for one in accounts]
    secrets = [text for one in accounts for text in one.authentication]
    statuses = cycle(PayType)
    for field, kind, wrong, known in (
        ("authentication", "secret", other_than(secrets, WRONG_AUTHENTICATION), secrets[::-1]),
        ("userName", "account", other_than(names, "Other@skypay"), names),
    ):
        for status in (*PayType, 7):
            label = f"{status.name if isinstance(status, PayType) else 'status 7'} with {field}"
            for how, value in (("wrong", wrong), ("missing", ABSENT), ("null", None), ("empty", "")):
                yield f"{kind}-wrong", f"{label} {how}", status, changed({field: value})
        right = known[0] if field == "userName" else own.authentication[-1]
        for how, value in (*_WRONG_TYPES, ("in an array", [right]), ("in an object", {"value": right})):
            yield f"{kind}-type", f"{field} {how}", next(statuses), changed({field: value})
        for how, text in _near_misses(known):
            yield f"{kind}-near", f"{field} {how}", next(statuses), changed({field: text})
        for how, value in (
            ("no action", {"action": ABSENT}),
            ("no controlNumber", {"controlNumber": ABSENT}),
            ("an empty controlNumber", {"controlNumber": ""}),
            ("a masked controlNumber", {"controlNumber": "SKY**12345678"}),
            ("no payType", {"payType": ABSENT}),
            ("payType 0", {"payType": 0}),
            ("no dealTime", {"dealTime": ABSENT}),
            ("dealTime Tuesday", {"dealTime": "Tuesday"}),
            ("failDescription 4", {"failDescription": 4}),
        ):
            label = f"{field} wrong and {how}"
            yield "authenticated-first", label, PayType.UPLOAD, changed({field: wrong, **value})
    for text in [text for text in secrets if text not in own.authentication][:1]:
        how = "authentication of another account"
        yield "secret-near", how, PayType.PAYOUT, changed({"authentication": text})
    how = "authentication with all secrets and commas between them"
    if len(secrets) > 1 and (text := ",".join(secrets)) not in secrets:
        yield "secret-near", how, PayType.PAYOUT, changed({"authentication": text})
    if own.user_name not in secrets:
        how = "authentication with the name of the account"
        yield "secret-near", how, PayType.PAYOUT, changed({"authentication": own.user_name})
    yield "authenticated-first", "an empty object", PayType.UPLOAD, lambda _: {}
    yield "authenticated-first", "unknown fields alone", PayType.UPLOAD, lambda _: {"hello": "world"}


def other_than(known: Iterable[str], text: str) -> str:
    while text in known:
        text += " "
    return text


def _near_misses(known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each text that a sloppy comparison takes for one of these, behind a name of its own."""
    known = list(dict.fromkeys(known))
    seen = {*known, ""}
    for number, text in enumerate(known, 1):
        for how, near in _near(text):
            if near not in seen:
                seen.add(near)
                yield how if number == 1 else f"{how} ({number} of {len(known)})", near


def _near(text: str) -> Iterator[tuple[str, str]]:
    yield "without its last character", text[:-1]
    yield "without its first character", text[1:]
    yield "cut to its first half", text[: len(text) // 2]
    yield "cut to its first character", text[:1]
    yield "cut at the sign @", text.partition("@")[0]
    yield "with one character more", f"{text}0"
    yield "with another last character", text[:-1] + ("0" if text[-1:] != "0" else "1")
    yield "doubled", text + text
    yield "backwards", text[::-1]
    yield "without hyphens", text.replace("-", "")
    yield "with accents", text.translate(_ACCENTS)
    yield "in another case", text.swapcase()
    yield "in lower case", text.lower()
    yield "in capitals", text.upper()
    for what, space in (("a space", " "), ("a line break", "\n"), ("a tab", "\t"), ("U+0000", "\0")):
        yield f"with {what} behind it", text + space
    yield "with a space before it", f" {text}"
    yield "with a comma behind it", f"{text},"
    yield "with a comma before it", f",{text}"
    yield "in quotes", f'"{text}"'
    yield "in full width", wide(text)
    for pattern in (" ", ",", "%", "*", ".*", "' OR '1'='1", "null", "undefined", "None", "0", "true"):
        yield f"the text {pattern}", pattern
