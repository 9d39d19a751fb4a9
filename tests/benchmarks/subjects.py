"""What is timed within one process: each subject is one call, and what that call must give."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count, islice
from typing import TypeAlias

from attrs import frozen

from skypay_payout import (
    CallbackError,
    CallbackParser,
    Credentials,
    ErrorCode,
    acknowledge,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AUTHENTICATION,
    CREDENTIALS,
    ENCRYPTION_KEY,
    SAMPLE,
    USER_NAME,
    WRONG_AUTHENTICATION,
    payload,
)

from .peers import by_msgspec, by_pydantic, by_signature

MEMBERS = ("user_name", "control_number", "pay_type", "deal_time", "fail_description", "reference_number")
"""What every typed callback has, whoever made it."""


@frozen
class Subject:
    """One call, and whether what it gave is right."""

    call: Callable[[], object]
    is_right: Callable[[object], bool]


Group: TypeAlias = Mapping[str, Subject]
"""Subjects by name that take turns, so that their times can be compared."""


def compact(**members: object) -> bytes:
    """The sample's callback as most senders write it: without white space and without the extra comma."""
    return _written(payload() | members)


def _written(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


BODY = compact()
OTHER_ORDER = _written(dict(reversed(payload().items())))
"""The same callback, but not in the usual form."""


def is_callback(result: object) -> bool:
    """Whether a result is the typed callback that ``BODY`` holds."""
    return told(result) == told(CallbackParser(CREDENTIALS).parse(BODY))


def told(callback: object) -> tuple[object, ...]:
    """What a typed callback says, whoever made it, with the status by name and the time with its zone.

    Raises ``AttributeError`` if it is none.
    """
    values = {name: getattr(callback, name) for name in MEMBERS}
    return *values.values(), values["pay_type"].name, values["deal_time"].utcoffset()


def is_payload(result: object) -> bool:
    """Whether a result, a mapping or stripe's event, has the members of ``BODY``."""
    return all(result[name] == value for name, value in payload().items())  # type: ignore[index]


def refusal(parse: Callable[[bytes], object], body: bytes) -> object:
    """What ``parse`` gives, be it an error."""
    try:
        return parse(body)
    except CallbackError as error:
        return error


def _is_code(code: ErrorCode, result: object) -> bool:
    return isinstance(result, CallbackError) and result.code is code


def _refused(parser: CallbackParser, body: bytes, code: ErrorCode) -> Subject:
    return Subject(partial(refusal, parser.parse, body), partial(_is_code, code))


def _accepted(parser: CallbackParser, body: bytes) -> Subject:
    # Through the same function as what is refused, so that both pay for it.
    return Subject(partial(refusal, parser.parse, body), is_callback)


def parsing() -> Group:
    """A plain body, by this library and by others."""
    ours = partial(CallbackParser(CREDENTIALS).parse, BODY)
    return {
        "skypay-payout": Subject(ours, is_callback),
        "skypay-payout again": Subject(ours, is_callback),
        "pydantic": Subject(partial(by_pydantic.parse, BODY), is_callback),
        "msgspec": Subject(partial(by_msgspec.parse, BODY), is_callback),
        "standardwebhooks": Subject(partial(by_signature.standardwebhooks_for(BODY), BODY), is_payload),
        "stripe": Subject(partial(by_signature.stripe_for(BODY), BODY), is_payload),
        "published sample": Subject(partial(CallbackParser(CREDENTIALS).parse, SAMPLE), is_callback),
        "another order": Subject(partial(CallbackParser(CREDENTIALS).parse, OTHER_ORDER), is_callback),
        "pydantic, another order": Subject(partial(by_pydantic.parse, OTHER_ORDER), is_callback),
        "msgspec, another order": Subject(partial(by_msgspec.parse, OTHER_ORDER), is_callback),
    }


def _answer() -> bytes:
    return acknowledge().to_json()


def _is_answer(result: object) -> bool:
    return isinstance(result, bytes) and json.loads(result)["responseCode"] == "1000"


def answering() -> Group:
    """The whole way of a callback, plain and encrypted."""
    cipher, other = BodyCipher(ENCRYPTION_KEY), BodyCipher("fedcba9876543210")
    plain, sealed = CallbackParser(CREDENTIALS), CallbackParser(CREDENTIALS, cipher=cipher)
    changing = CallbackParser(CREDENTIALS, cipher=[cipher, other])
    body = cipher.encrypt(BODY)
    return {
        "plain": Subject(partial(plain.parse, BODY), is_callback),
        "encrypted": Subject(partial(sealed.parse, body), is_callback),
        "encrypted with the older of two keys": Subject(partial(changing.parse, body), is_callback),
        "acknowledge": Subject(_answer, _is_answer),
        "reply": Subject(partial(plain.reply, plain.parse(BODY)), _is_answer),
        "encrypted reply": Subject(
            partial(sealed.reply, sealed.parse(body)),
            lambda result: isinstance(result, bytes) and _is_answer(cipher.decrypt(result)),
        ),
    }


def refusing() -> Group:
    """What is not accepted, plain and encrypted."""
    cipher, other = BodyCipher(ENCRYPTION_KEY), BodyCipher("fedcba9876543210")
    plain, sealed = CallbackParser(CREDENTIALS), CallbackParser(CREDENTIALS, cipher=cipher)
    wrong = {"controlNumber": "SKY**12345678", "payType": 9, "dealTime": "yesterday", "action": "payout"}
    return {
        "accepted": _accepted(plain, BODY),
        "accepted, another order": _accepted(plain, OTHER_ORDER),
        "wrong secret": _refused(
            plain, compact(authentication=WRONG_AUTHENTICATION), ErrorCode.UNAUTHENTICATED
        ),
        "wrong account": _refused(plain, compact(userName="Other@skypay"), ErrorCode.UNAUTHENTICATED),
        "not JSON": _refused(plain, b"{payout " * (len(BODY) // 8), ErrorCode.NOT_JSON),
        "not UTF-8": _refused(plain, BODY[:-3] + b"\xff" + BODY[-2:], ErrorCode.NOT_UTF8),
        "cut short": _refused(plain, BODY[:-1], ErrorCode.NOT_JSON),
        "a member twice": _refused(plain, BODY[:-1] + b',"payType":"2"}', ErrorCode.MEMBER_TWICE),
        "too large": _refused(plain, BODY.ljust(plain.max_body_size + 1), ErrorCode.TOO_LARGE),
        "one wrong member": _refused(plain, compact(payType=9), ErrorCode.INVALID),
        "four wrong members": _refused(plain, compact(**wrong), ErrorCode.INVALID),
        "encrypted, accepted": _accepted(sealed, cipher.encrypt(BODY)),
        "encrypted with an unknown key": _refused(sealed, other.encrypt(BODY), ErrorCode.UNDECRYPTABLE),
        "plain where encryption is due": _refused(sealed, BODY, ErrorCode.UNDECRYPTABLE),
    }


def grown(size: int, **members: object) -> bytes:
    """An honest body of that many bytes: the sample's callback, and as many unknown members as it takes."""
    body = compact(**members)[:-1]
    unknown = (b',"unknown%d":"MLA001041380755361119"' % number for number in count())
    longest = len(next(unknown)) + len(str(size))
    body += b"".join(islice(unknown, max(0, size - len(body)) // longest))
    filling = size - len(body) - len(b',"filling":""}')
    return body + b',"filling":"' + b"x" * filling + b'"}'


GROWN_SIZES = (300, 1024, 4096, 16_384, 65_536)
"""Bytes, up to the default limit."""


def growing() -> Group:
    """Bodies with more and more unknown members, by this library and by others."""
    parsers = {
        "skypay-payout": CallbackParser(CREDENTIALS).parse,
        "pydantic": by_pydantic.parse,
        "msgspec": by_msgspec.parse,
    }
    return {
        f"{name}, {size} bytes": Subject(partial(parse, grown(size)), is_callback)
        for size in GROWN_SIZES
        for name, parse in parsers.items()
    }


ACCOUNTS = ((1, 1), (1, 10), (10, 1), (10, 10), (100, 1), (1, 100), (100, 100))
"""How many accounts, and how many secrets each."""


def several_accounts() -> Group:
    """More and more accounts and secrets, all of which are always compared."""
    group: dict[str, Subject] = {}
    for accounts, secrets in ACCOUNTS:
        others = [
            Credentials(f"{number}.{USER_NAME}", _secrets(number, secrets)) for number in range(1, accounts)
        ]
        parser = CallbackParser(
            [*others, Credentials(USER_NAME, [*_secrets(0, secrets - 1), AUTHENTICATION])]
        )
        wrong = compact(authentication=WRONG_AUTHENTICATION)
        group[f"accepted, {accounts} x {secrets}"] = _accepted(parser, BODY)
        group[f"refused, {accounts} x {secrets}"] = _refused(parser, wrong, ErrorCode.UNAUTHENTICATED)
    return group


def _secrets(account: int, secrets: int) -> list[str]:
    return [f"{account:08X}-9EAA-4503-B0F0-{secret:012X}" for secret in range(secrets)]


def _filled(size: int, start: bytes, unit: bytes, end: bytes) -> bytes:
    room = size - len(start) - len(end)
    return start + unit * (room // len(unit)) + b" " * (room % len(unit)) + end


_STRANGER = compact(authentication=WRONG_AUTHENTICATION)[:-1]
_VALUE = _STRANGER + b',"x":'


def _numbered(size: int) -> bytes:
    members = (b'"%d":0,' % number for number in count())
    room = size - len(_STRANGER)
    return _filled(
        size, _STRANGER + b"," + b"".join(islice(members, room // (len(str(size)) + 5))), b" ", b'"x":0}'
    )


HOSTILE: Mapping[str, tuple[Callable[[int], bytes], ErrorCode]] = {
    "arrays in arrays": (lambda size: _filled(size, _VALUE, b"[", b""), ErrorCode.NOT_JSON),
    "objects in objects": (lambda size: _filled(size, _VALUE, b'{"a":', b""), ErrorCode.NOT_JSON),
    "arrays in arrays, 60 deep, again and again": (
        lambda size: _filled(size, _VALUE + b"[", b"[" * 60 + b"]" * 60 + b",", b"0]}"),
        ErrorCode.UNAUTHENTICATED,
    ),
    "empty objects": (
        lambda size: _filled(size, _VALUE + b"[", b"{},", b"0]}"),
        ErrorCode.UNAUTHENTICATED,
    ),
    "one whole number": (lambda size: _filled(size, _VALUE, b"7", b"}"), ErrorCode.NOT_JSON),
    "whole numbers of 4,300 digits": (
        lambda size: _filled(size, _VALUE + b"[", b"7" * min(4300, size // 4) + b",", b"0]}"),
        ErrorCode.UNAUTHENTICATED,
    ),
    "one fraction": (lambda size: _filled(size, _VALUE + b"0.", b"7", b"}"), ErrorCode.UNAUTHENTICATED),
    "short fractions": (
        lambda size: _filled(size, _VALUE + b"[", b"0.5,", b"0]}"),
        ErrorCode.UNAUTHENTICATED,
    ),
    "digits": (lambda size: _filled(size, _VALUE + b"[", b"0,", b"0]}"), ErrorCode.UNAUTHENTICATED),
    "commas in an array": (lambda size: _filled(size, _VALUE + b"[0", b",", b"0]}"), ErrorCode.NOT_JSON),
    "commas before the last brace": (lambda size: _filled(size, _STRANGER, b",", b"}"), ErrorCode.NOT_JSON),
    "white space": (lambda size: _filled(size, _STRANGER, b" ", b""), ErrorCode.NOT_JSON),
    "one text": (lambda size: _filled(size, _VALUE + b'"', b"x", b'"}'), ErrorCode.UNAUTHENTICATED),
    "one text of escapes": (
        lambda size: _filled(size, _VALUE + b'"', b"\\u4f59", b'"}'),
        ErrorCode.UNAUTHENTICATED,
    ),
    "not UTF-8 in the last byte": (
        lambda size: _filled(size, _VALUE + b'"', b"x", b"\xff"),
        ErrorCode.NOT_UTF8,
    ),
    "short members": (_numbered, ErrorCode.UNAUTHENTICATED),
    "one short member again and again": (
        lambda size: _filled(size, _STRANGER + b",", b'"a":0,', b'"b":0}'),
        ErrorCode.MEMBER_TWICE,
    ),
    "unknown members, wrong secret": (
        lambda size: grown(size, authentication=WRONG_AUTHENTICATION),
        ErrorCode.UNAUTHENTICATED,
    ),
    "unknown members, right secret, unknown status": (
        lambda size: grown(size, payType=9),
        ErrorCode.INVALID,
    ),
}
"""Bodies that someone might send to cost time, by name: how one of so many bytes is made, and its error."""


def bounds(size: int) -> Group:
    """Hostile bodies of that many bytes, and the honest one to compare them with."""
    parser = CallbackParser(CREDENTIALS, max_body_size=size)
    hostile = {name: _refused(parser, make(size), code) for name, (make, code) in HOSTILE.items()}
    return {"honest": _accepted(parser, grown(size))} | hostile


def only_unauthenticated(size: int) -> Group:
    """Those of the hostile bodies that only lack the secret, and each with the secret, which is accepted."""
    parser = CallbackParser(CREDENTIALS, max_body_size=size)
    group: dict[str, Subject] = {}
    for name, (make, code) in HOSTILE.items():
        if code is ErrorCode.UNAUTHENTICATED:
            body = make(size)
            group[name] = _refused(parser, body, code)
            proved = body.replace(WRONG_AUTHENTICATION.encode(), AUTHENTICATION.encode(), 1)
            group[f"{name}, accepted"] = _accepted(parser, proved)
    return group
