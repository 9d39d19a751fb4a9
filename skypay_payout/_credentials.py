"""Who may send callbacks, and how that is verified."""

import re
from collections.abc import Collection, Sequence, Set
from typing import Any, final

from attrs import field, frozen

from ._arguments import as_text, as_tuple
from ._control_number import PREFIX_LENGTH, PREFIX_PATTERN

MAX_LENGTH = 50
"""Characters, for userName and for authentication alike."""

_is_prefix = re.compile(PREFIX_PATTERN).fullmatch


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
    """One SkyPay account: its name, the secret that its callbacks carry, and its prefixes.

    ``authentication`` is one secret, or a sequence of them from oldest to newest during a rotation: callbacks
    with the old and with the new one both arrive for a while. Each has 1 to 50 characters and is compared
    exactly.

    Raises ``TypeError`` or ``ValueError`` for anything else; the message never contains the secret.
    """

    user_name: str = field(converter=_user_name)
    """The account name that SkyPay issued, ``AppName@skypay``: 1 to 50 characters."""
    authentication: tuple[str, ...] = field(converter=_authentication, repr=False)
    """The secrets, oldest first. This is the one place that keeps them; repr does not show them."""
    prefixes: frozenset[str] | None = field(default=None, converter=_prefixes, kw_only=True)
    """The five-character prefixes issued to this account; None accepts any (point 4)."""


def login(user_name: Any, authentication: Any) -> bytes:
    """Join userName and authentication into one text to compare, so that no error says which one is wrong.

    A text that is too long for a secret is not compared at all: comparing costs time for each of its bytes.
    """
    try:
        if len(user_name) <= MAX_LENGTH and len(authentication) <= MAX_LENGTH:
            # No UTF-8 text contains 0xFF, so no other pair gives the same bytes.
            pair: bytes = user_name.encode() + b"\xff" + authentication.encode()
            return pair
    except (AttributeError, TypeError, UnicodeEncodeError):  # no text, or one that no secret can be
        pass
    return b""
