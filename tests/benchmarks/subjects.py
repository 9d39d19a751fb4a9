"""What is timed within one process: each subject is one call, and what that call must give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from attrs import frozen

from skypay_payout import (
    Accepted,
    CallbackParser,
    PayoutCallback,
    Quarantined,
    Rejected,
    Response,
    acknowledge,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, ENCRYPTION_KEY, payload

from .bodies import FORMS, compact, grown
from .hostile import HOSTILE
from .peers import by_msgspec, by_pydantic

SIZES = (300, 1024, 4096, 16_384, 65_536)
"""Bytes of hostile bodies, up to the default ``max_body_size``."""


@frozen
class Subject:
    """One call, and whether what it gave is right."""

    call: Callable[[], object]
    is_right: Callable[[object], bool]


Group: TypeAlias = Mapping[str, Subject]
"""Subjects by name that take turns. The ratios of all are to the first one."""


def is_a(kind: type) -> Callable[[object], bool]:
    """Make what tells whether a result is of that class."""
    return lambda result: isinstance(result, kind)


def told(callback: object) -> tuple[object, ...]:
    """What a typed callback says, whoever made it, with the status by name and the time with its zone.

    Raises ``AttributeError`` if it is none.
    """
    names = ("user_name", "control_number", "pay_type", "deal_time", "fail_description", "reference_number")
    values = {name: getattr(callback, name) for name in names}
    return *values.values(), values["pay_type"].name, values["deal_time"].utcoffset()


def form(body: bytes) -> Group:
    """An honest body, by this library and by others."""
    ours = CallbackParser(CREDENTIALS).parse
    expected = ours(body)

    def is_right(result: object) -> bool:
        # msgspec's keeps no unknown fields.
        extra = getattr(result, "model_extra", None) or getattr(result, "extra", expected.extra)
        return told(result) == told(expected) and extra == expected.extra

    return {
        "pydantic": Subject(partial(by_pydantic.parse, body), is_right),
        "skypay-payout": Subject(partial(ours, body), is_right),
        "msgspec": Subject(partial(by_msgspec.parse, body), is_right),
    }


def calls() -> Group:
    """What an endpoint calls, plain and encrypted."""
    cipher = BodyCipher(ENCRYPTION_KEY)
    plain, encrypted = CallbackParser(CREDENTIALS), CallbackParser(CREDENTIALS, cipher=cipher)
    rotating = CallbackParser(CREDENTIALS, cipher=BodyCipher([ENCRYPTION_KEY, "fedcba9876543210"]))
    body = compact(payload())
    ciphertext = cipher.encrypt(body)

    def both(parser: CallbackParser, body: bytes) -> Response:
        return parser.receive(body).respond()

    return {
        "parse": Subject(partial(plain.parse, body), is_a(PayoutCallback)),
        "receive": Subject(partial(plain.receive, body), is_a(Accepted)),
        "receive, one invalid field": Subject(
            partial(plain.receive, compact(payload(payType=9))), is_a(Quarantined)
        ),
        "receive and respond": Subject(partial(both, plain, body), _is_acknowledged),
        "receive and respond, encrypted": Subject(partial(both, encrypted, ciphertext), _is_acknowledged),
        "receive and respond, encrypted with the older of two keys": Subject(
            partial(both, rotating, ciphertext), _is_acknowledged
        ),
        "acknowledge().to_json()": Subject(lambda: acknowledge().to_json(), is_a(bytes)),
    }


def _is_acknowledged(result: object) -> bool:
    return isinstance(result, Response) and result.status == 200


def hostile(size: int) -> Group:
    """Hostile bodies of that many bytes, and the honest one to compare them with."""
    receive = CallbackParser(CREDENTIALS).receive
    return {"honest": Subject(partial(receive, grown(size)), is_a(Accepted))} | {
        name: Subject(partial(receive, make(size)), is_a(Rejected)) for name, make in HOSTILE.items()
    }


def hostile_encrypted(size: int) -> Group:
    """The same where bodies are encrypted: who has no key cannot say what the text is."""
    cipher, other = BodyCipher(ENCRYPTION_KEY), BodyCipher("fedcba9876543210")
    receive = CallbackParser(CREDENTIALS, cipher=cipher).receive
    text = size // 64 * 48 - 16  # in Base64, with padding, of about that size
    bodies = {
        "encrypted with an unknown key": other.encrypt(grown(text)),
        "plain JSON": grown(size),
        "Base64 in lines of four": b"QUJD\r\n" * (size // 6),
        "line breaks": b"\r\n" * (size // 2),
        "no Base64": b"!" * size,
        "a wrong secret": cipher.encrypt(HOSTILE["an honest body, wrong secret"](text)),
    }
    return {"honest": Subject(partial(receive, cipher.encrypt(grown(text))), is_a(Accepted))} | {
        name: Subject(partial(receive, body), is_a(Rejected)) for name, body in bodies.items()
    }


def groups() -> Mapping[str, Callable[[], Group]]:
    """What makes each group, by name."""
    return (
        {f"form: {name}": partial(form, body) for name, body in FORMS.items()}
        | {"calls": calls}
        | {f"hostile: {size}": partial(hostile, size) for size in SIZES}
        | {f"hostile, encrypted: {size}": partial(hostile_encrypted, size) for size in SIZES}
    )
