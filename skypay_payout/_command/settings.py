"""The command's settings. They come from the environment alone: others can read a command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .._credentials import Credentials
from .._parser import CallbackParser
from .terminal import WrongUse

if TYPE_CHECKING:
    from ..encryption import BodyCipher

USER_NAME = "SKYPAY_USER_NAME"
AUTHENTICATION = "SKYPAY_AUTHENTICATION"
ENCRYPTION_KEY = "SKYPAY_ENCRYPTION_KEY"

HELP = f"""\
Settings come from the environment, never from the command line:
  {USER_NAME}       the account that SkyPay issued, AppName@skypay
  {AUTHENTICATION}  its secret, or several with commas between them
  {ENCRYPTION_KEY}  the key if bodies are encrypted, or several with
                         commas between them, from the oldest to the newest
"""


def _setting(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise WrongUse(f"{name} is not set; set it in the environment")
    if not value.strip():
        raise WrongUse(f"{name} is empty; fill it in, or unset it where it is not needed")
    return value


def _several(name: str) -> list[str]:
    values = [value.strip() for value in _setting(name).split(",")]
    if "" in values:
        raise WrongUse(f"{name} has nothing before or after a comma; separate its values by single commas")
    return values


def credentials() -> Credentials:
    """The account, from ``SKYPAY_USER_NAME`` and ``SKYPAY_AUTHENTICATION``. Raises ``WrongUse``."""
    user_name, authentication = _setting(USER_NAME), _several(AUTHENTICATION)
    try:
        return Credentials(user_name, authentication)
    except ValueError as error:
        raise WrongUse(f"{USER_NAME} or {AUTHENTICATION}: {error}") from None


def known_secrets() -> list[str]:
    """The secrets to conceal where no account is needed: none if ``SKYPAY_AUTHENTICATION`` is not set."""
    return _several(AUTHENTICATION) if AUTHENTICATION in os.environ else []


def cipher() -> BodyCipher:
    """What opens and seals bodies, from ``SKYPAY_ENCRYPTION_KEY``. Raises ``WrongUse``."""
    keys = _several(ENCRYPTION_KEY)
    try:
        from ..encryption import BodyCipher
    except ImportError as error:
        raise WrongUse(str(error)) from None
    return BodyCipher(keys)


def parser() -> CallbackParser:
    """The parser for the account's bodies, encrypted ones if ``SKYPAY_ENCRYPTION_KEY`` is set."""
    return CallbackParser(credentials(), cipher=cipher() if ENCRYPTION_KEY in os.environ else None)
