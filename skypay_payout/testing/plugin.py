"""Fixtures for the tests of an endpoint.

pytest loads them automatically. Override ``skypay_credentials`` or ``skypay_encryption_key`` in a
``conftest.py`` to test with another account or key.
"""

from __future__ import annotations

import pytest

from .. import _environ
from .._credentials import Credentials
from .._parser import CallbackParser
from .._pay_type import PayType
from ..encryption import BodyCipher
from ._bad_bodies import BadBody
from ._bodies import CREDENTIALS, ENCRYPTION_KEY, BodyFactory, encode, payload_for
from ._scenarios import Scenario


def pytest_make_parametrize_id(val: object) -> str | None:
    """Give a test that is parametrized with bad bodies or scenarios their names."""
    return val.name if isinstance(val, BadBody | Scenario) else None


@pytest.fixture
def skypay_credentials() -> Credentials:
    """Return SkyPay's sample account."""
    return CREDENTIALS


@pytest.fixture
def skypay_encryption_key() -> str | None:
    """Return a key for tests, which needs the extra ``encryption``; return None for plain bodies."""
    return ENCRYPTION_KEY


@pytest.fixture
def skypay_cipher(skypay_encryption_key: str | None) -> BodyCipher | None:
    """Return a cipher with that key."""
    return None if skypay_encryption_key is None else BodyCipher(skypay_encryption_key)


@pytest.fixture
def skypay_parser(skypay_credentials: Credentials, skypay_cipher: BodyCipher | None) -> CallbackParser:
    """Return a parser for the account and the cipher."""
    return CallbackParser(skypay_credentials, cipher=skypay_cipher)


@pytest.fixture
def skypay_body(skypay_parser: CallbackParser) -> BodyFactory:
    """Return a function that makes bodies which ``skypay_parser`` accepts, with its newest secret and key."""

    def make(status: int = PayType.UPLOAD, **fields: object) -> bytes:
        """Make the body of that status; ``fields`` by wire name replace or add to what it holds."""
        return encode(payload_for(skypay_parser, status, **fields), cipher=skypay_parser.cipher)

    return make


@pytest.fixture
def skypay_environ(
    skypay_credentials: Credentials, skypay_encryption_key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set the environment variables of ``CallbackParser.from_environ``, and unset those that do not apply."""
    values = {
        _environ.USER_NAME: skypay_credentials.user_name,
        _environ.AUTHENTICATION: ",".join(skypay_credentials.authentication),
        _environ.ENCRYPTION_KEY: skypay_encryption_key,
        _environ.PREFIXES: ",".join(sorted(skypay_credentials.prefixes or ())) or None,
    }
    for name, value in values.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
