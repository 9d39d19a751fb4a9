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
    user_name = _given(environ, USER_NAME)
    authentication = several(environ, AUTHENTICATION)
    if user_name is None or authentication is None:
        missing = AUTHENTICATION if user_name is not None else USER_NAME
        raise ValueError(f"{missing}: expected a value, got none: set it in the environment")
    prefixes = several(environ, PREFIXES)
    try:
        return Credentials(user_name, authentication, prefixes=prefixes)
    except ValueError as error:
        problem = str(error)  # it begins with the argument's name
    name = {"user_name": USER_NAME, "authentication": AUTHENTICATION, "prefixes": PREFIXES}
    argument, _, rest = problem.partition(":")
    raise ValueError(f"{name[argument]}:{rest}")


def cipher(environ: Mapping[str, str]) -> BodyCipher | None:
    """Read the keys; None if there are none. Raises ``ValueError``, and ``ImportError`` without the extra."""
    keys = several(environ, ENCRYPTION_KEY)
    if keys is None:
        return None
    from .encryption import BodyCipher

    try:
        return BodyCipher(keys)
    except ValueError as error:
        problem = str(error).partition(":")[2]
    raise ValueError(f"{ENCRYPTION_KEY}:{problem}")


def several(environ: Mapping[str, str], name: str) -> list[str] | None:
    """Read one value, or several with commas between them; None if the variable is not set.

    Raises ``ValueError`` if one of them is empty.
    """
    text = _given(environ, name)
    if text is None:
        return None
    values = [value.strip() for value in text.split(",")]
    if "" in values:
        raise ValueError(f"{name}: expected values with single commas between them, got an empty one")
    return values


def _given(environ: Mapping[str, str], name: str) -> str | None:
    text = environ.get(name)
    if text is None:
        return None
    text = text.strip()
    if not text:
        raise ValueError(
            f"{name}: expected a value, got an empty one: fill it in, or unset it if it is not needed"
        )
    return text
