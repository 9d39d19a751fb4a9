"""Who may send callbacks, and how that is verified."""

import re
from collections.abc import Collection, Sequence, Set
from math import inf
from typing import Any, TypeVar, cast, final

from attrs import field, frozen

from ._control_number import PREFIX_LENGTH, PREFIX_PATTERN

MAX_LENGTH = 50
"""Characters, for userName and for authentication alike."""

_T = TypeVar("_T")
_is_prefix = re.compile(PREFIX_PATTERN).fullmatch


def as_tuple(name: str, value: object, kind: type[_T]) -> tuple[_T, ...]:
    """Return one value, or a sequence of values in its order, as a tuple; a set has no order."""
    expected = f"{name}: expected one {kind.__name__} or a sequence of them, oldest first, got"
    if isinstance(value, kind):
        return (value,)
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray)):
        raise TypeError(f"{expected} {type(value).__name__}")
    items = tuple(cast("Sequence[object]", value))
    if not items:
        raise ValueError(f"{expected} none")
    for item in items:
        if not isinstance(item, kind):
            raise TypeError(f"{expected} {type(item).__name__} in it")
    return cast("tuple[_T, ...]", items)


def as_text(name: str, value: str, most: float = inf) -> str:
    """Return the text. Raises ``TypeError`` or ``ValueError``, without the text: it may be a secret."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name}: expected a str, got {type(value).__name__}")
    if not value:
        raise ValueError(f"{name}: expected text, got none: is its setting filled in?")
    if len(value) > most:
        raise ValueError(f"{name}: expected at most {most} characters, got {len(value)}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{name}: expected text, got a lone surrogate, which no body can carry")
    return value


def _user_name(value: str) -> str:
    return as_text("user_name", value, MAX_LENGTH)


def _authentication(value: str | Sequence[str]) -> tuple[str, ...]:
    secrets = as_tuple("authentication", value, str)
    return tuple(as_text("authentication", secret, MAX_LENGTH) for secret in secrets)


def _prefixes(value: str | Collection[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    prefixes = as_tuple("prefixes", list(value) if isinstance(value, Set) else value, str)
    if not all(map(_is_prefix, prefixes)):
        # Not shown: a secret may have been put here by mistake.
        raise ValueError(
            f"prefixes: expected {PREFIX_LENGTH} ASCII letters or digits each, such as 'SKY99', got others"
        )
    return frozenset(prefixes)


# Equality is identity: == over a secret would take a time that depends on it.
@final
@frozen(eq=False)
class Credentials:
    """One SkyPay account.

    Raises ``TypeError`` or ``ValueError`` for invalid values; the message never contains the secret.
    """

    user_name: str = field(converter=_user_name)
    """Its name, ``AppName@skypay``: 1 to 50 characters."""
    authentication: tuple[str, ...] = field(converter=_authentication, repr=False)
    """Its secret of 1 to 50 characters; during a rotation several, oldest first. repr shows none."""
    prefixes: frozenset[str] | None = field(default=None, converter=_prefixes, kw_only=True)
    """The five-character prefixes issued to it; None accepts any (point 4)."""


def login(user_name: Any, authentication: Any) -> bytes:
    """Join userName and authentication into one text to compare, so that no error says which one is wrong."""
    try:
        if len(user_name) <= MAX_LENGTH and len(authentication) <= MAX_LENGTH:  # comparing costs time
            # No UTF-8 text contains 0xFF, so no other pair gives the same bytes.
            pair: bytes = user_name.encode() + b"\xff" + authentication.encode()
            return pair
    except (AttributeError, TypeError, UnicodeEncodeError):  # no text, or one that no secret can be
        pass
    return b""
