"""Who may send callbacks, and how that is proved without telling."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from typing import TypeVar, cast

from attrs import field, frozen

from ._arguments import one_or_several

MAX_LENGTH = 50
"""Characters, for userName and for authentication alike."""

CONCEALED = "[authentication]"
"""What stands in a callback or an error where the sender repeated a secret."""


_Json = TypeVar("_Json")


def _checked(name: str, value: str) -> str:
    if not 0 < len(value) <= MAX_LENGTH:
        raise ValueError(
            f"{name} has 1 to {MAX_LENGTH} characters, not {len(value)}; is its setting filled in?"
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        pass
    else:
        return value
    raise ValueError(f"{name} holds half of a surrogate pair, which no callback can match")


def _user_name(value: str) -> str:
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"user_name is a str, not {type(value).__name__}")
    return _checked("user_name", value)


def _authentication(value: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(
        _checked("authentication", secret) for secret in one_or_several("authentication", value, str)
    )


# Equality is identity: == over a secret would take a time that depends on it.
@frozen(eq=False)
class Credentials:
    """One SkyPay account: its name, and the secret that its callbacks carry.

    ``authentication`` is one secret, or several while it is being changed: callbacks under the old and
    the new one both arrive for a while. Each is a text of 1 to 50 characters, compared exactly.

    Raises ``TypeError`` or ``ValueError`` for anything else; the secret is never in the message.
    """

    user_name: str = field(converter=_user_name)
    """The account name that SkyPay issued, ``AppName@skypay``."""
    authentication: tuple[str, ...] = field(converter=_authentication, repr=False)
    """The secrets. This is the one place that keeps them; repr does not show them."""

    def proofs(self) -> tuple[bytes, ...]:
        """What a callback of this account can prove itself with, one for each secret."""
        return tuple(proof(self.user_name, secret) for secret in self.authentication)


def proof(user_name: object, authentication: object) -> bytes:
    """userName and authentication as one text to compare, so that nothing tells which of them is wrong."""
    if isinstance(user_name, str) and isinstance(authentication, str):
        try:
            # No UTF-8 text holds 0xFF, so no other pair gives the same bytes.
            return user_name.encode() + b"\xff" + authentication.encode()
        except UnicodeEncodeError:
            pass
    return b""


def proved(given: bytes, known: Iterable[bytes]) -> bool:
    """Whether ``given`` is one of the known proofs. All are compared, each in constant time."""
    found = False
    for one in known:
        found |= compare_digest(one, given)
    return found


def repeats(secrets: Iterable[str], *texts: str | None) -> bool:
    """Whether one of the texts holds a secret, as it is or as ``repr`` shows it."""
    for text in texts:
        if text:
            # What repr escapes can put a secret together, as \x1b does with one that begins with b.
            shown = repr(text)
            for secret in secrets:
                if secret in text or secret in shown:
                    return True
    return False


def conceal(value: _Json, secrets: Iterable[str]) -> _Json:
    """The JSON value with every secret in its texts and numbers, at any depth, replaced."""
    return cast("_Json", _concealed(value, secrets))


def _concealed(value: object, secrets: Iterable[str]) -> object:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, CONCEALED)
        return CONCEALED if repeats(secrets, value) else value
    if isinstance(value, (int, float)):
        return CONCEALED if repeats(secrets, str(value)) else value
    if isinstance(value, list):
        return [_concealed(item, secrets) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        members = cast("dict[str, object]", value).items()
        return {_concealed(name, secrets): _concealed(item, secrets) for name, item in members}
    return value
