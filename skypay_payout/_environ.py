"""The settings, read from environment variables. An error names the variable and shows no value."""

from collections.abc import Mapping

from ._credentials import Credentials
from .encryption import BodyCipher

USER_NAME = "SKYPAY_USER_NAME"
AUTHENTICATION = "SKYPAY_AUTHENTICATION"
ENCRYPTION_KEY = "SKYPAY_ENCRYPTION_KEY"
PREFIXES = "SKYPAY_PREFIXES"


def credentials(environ: Mapping[str, str]) -> Credentials:
    """Read the account. Raises ``ValueError``."""
    user_name = _value(environ, USER_NAME) or ""
    secrets, prefixes = several(environ, AUTHENTICATION) or "", several(environ, PREFIXES)
    try:
        return Credentials(user_name, secrets, prefixes=prefixes)
    except ValueError as error:
        argument, _, problem = str(error).partition(":")
    raise ValueError(f"SKYPAY_{argument.upper()}:{problem}")


def cipher(environ: Mapping[str, str]) -> BodyCipher | None:
    """Read the keys; None if there are none. Raises ``ValueError``, and ``ImportError`` without the extra."""
    keys = several(environ, ENCRYPTION_KEY)
    return None if keys is None else BodyCipher(keys)


def several(environ: Mapping[str, str], name: str) -> list[str] | None:
    """Read one value, or several with commas between them; None if it is not set. Raises ``ValueError``."""
    text = _value(environ, name)
    return None if text is None else [_checked(name, value.strip()) for value in text.split(",")]


def _value(environ: Mapping[str, str], name: str) -> str | None:
    if name not in environ:
        return None
    value = environ[name]
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"{name}: expected text, got {type(value).__name__}: is its setting filled in?")
    for sign in "，、；､﹐،":  # noqa: RUF001
        if sign in value:
            raise ValueError(f"{name}: expected commas (,) between several values, got {sign!r}")
    return _checked(name, value.strip())


def _checked(name: str, value: str) -> str:
    if not value:
        expected = f"{name}: expected one value, or several with commas between them"
        raise ValueError(f"{expected}, got an empty one: fill it in, or unset the variable if not needed")
    if not value.isprintable():
        raise ValueError(f"{name}: expected printable characters, got others: was it copied from a page?")
    if value[0] + value[-1] in ("''", '""', "‘’", "“”"):  # noqa: RUF001
        raise ValueError(
            f"{name}: expected no quotes around a value (Docker's --env-file keeps them), got some"
        )
    return value
