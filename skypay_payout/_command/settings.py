"""Read the command's settings. They come from the environment alone: others can read a command line."""

from __future__ import annotations

import os

from .. import _environ
from .._parser import CallbackParser
from ..encryption import BodyCipher
from .terminal import UsageError, note

HELP = f"""\
Settings come from the environment, never from the command line:
  {_environ.USER_NAME}       the account that SkyPay issued, AppName@skypay
  {_environ.AUTHENTICATION}  its secret, or several with commas between them
  {_environ.ENCRYPTION_KEY}  the key if bodies are encrypted, or several with
                         commas between them, from oldest to newest
  {_environ.PREFIXES}        the account's prefixes, with commas between them;
                         any are accepted if it is not set
"""

NO_PREFIXES = (
    f"{_environ.PREFIXES} is not set: if the endpoint has prefixes, acknowledged may mean quarantined"
)
"""A notice of commands that send to an endpoint."""


def known_secrets() -> list[str]:
    """Return the secrets to redact where no account is needed. Raises ``UsageError``."""
    try:
        return _environ.several(os.environ, _environ.AUTHENTICATION) or []
    except ValueError as error:
        raise UsageError(str(error)) from None


def cipher() -> BodyCipher:
    """Return what decrypts and encrypts bodies. Raises ``UsageError``."""
    try:
        cipher = _environ.cipher(os.environ)
    except (ImportError, ValueError) as error:
        raise UsageError(str(error)) from None
    if cipher is None:
        raise UsageError(f"{_environ.ENCRYPTION_KEY}: expected a key, got none: set it in the environment")
    return cipher


def parser() -> CallbackParser:
    """Return the parser for the settings; say so if bodies are taken as plain. Raises ``UsageError``."""
    plain = _environ.ENCRYPTION_KEY not in os.environ
    try:
        parser = CallbackParser.from_environ(plain=plain)
    except (ImportError, ValueError) as error:
        raise UsageError(str(error)) from None
    if plain:
        note(f"{_environ.ENCRYPTION_KEY} is not set: bodies are taken as plain JSON")
    return parser
