"""The settings, read from environment variables. An error names the variable and shows no value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ._credentials import Credentials

if TYPE_CHECKING:
    from .encryption import BodyCipher

USER_NAME = "SKYPAY_USER_NAME"
AUTHENTICATION = "SKYPAY_AUTHENTICATION"
ENCRYPTION_KEY = "SKYPAY_ENCRYPTION_KEY"
PREFIXES = "SKYPAY_PREFIXES"


def credentials(environ: Mapping[str, str]) -> Credentials:
    """Read the account. Raises ``ValueError``."""
    user_name = environ.get(USER_NAME, "").strip()
    authentication = several(environ, AUTHENTICATION) or ""
    prefixes = several(environ, PREFIXES)
    try:
        return Credentials(user_name, authentication, prefixes=prefixes)
    except ValueError as error:
        argument, _, problem = str(error).partition(":")
    raise ValueError(f"SKYPAY_{argument.upper()}:{problem}")


def cipher(environ: Mapping[str, str]) -> BodyCipher | None:
    """Read the keys; None if there are none. Raises ``ValueError``, and ``ImportError`` without the extra."""
    keys = several(environ, ENCRYPTION_KEY)
    if keys is None:
        return None
    from .encryption import BodyCipher

    try:
        return BodyCipher(keys)
    except ValueError as error:
        problem = str(error).removeprefix("keys")
    raise ValueError(f"{ENCRYPTION_KEY}{problem}")


def several(environ: Mapping[str, str], name: str) -> list[str] | None:
    """Read one value, or several with commas between them; None if the variable is not set.

    Raises ``ValueError`` if one of them is empty.
    """
    if name not in environ:
        return None
    values = [value.strip() for value in environ[name].split(",")]
    if "" in values:
        raise ValueError(
            f"{name}: expected one value, or several with commas between them, got an empty one: fill it in, "
            "or unset the variable if it is not needed"
        )
    return values
