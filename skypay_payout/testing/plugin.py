"""The pytest plugin: what the tests of an endpoint need, by the names of its fixtures.

pytest loads it automatically wherever skypay-payout is installed. Override ``skypay_credentials`` in a
``conftest.py`` to test with another account: parser and bodies follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .._credentials import Credentials
from .._parser import CallbackParser
from .._pay_type import PayType
from ..encryption import BodyCipher
from ._bad_bodies import BadBody
from ._bodies import CREDENTIALS, ENCRYPTION_KEY, BodyFactory, body
from ._scenarios import Scenario

if TYPE_CHECKING:
    from ..encryption import BodyCipher


def pytest_make_parametrize_id(val: object) -> str | None:
    """Give a test that is parametrized with bad bodies or scenarios their names."""
    return val.name if isinstance(val, BadBody | Scenario) else None


@pytest.fixture
def skypay_credentials() -> Credentials:
    """Return the account of the published sample."""
    return CREDENTIALS


@pytest.fixture
def skypay_cipher() -> BodyCipher:
    """Return a cipher with a key for tests; needs the extra ``encryption``."""
    from ..encryption import BodyCipher

    return BodyCipher(ENCRYPTION_KEY)


@pytest.fixture
def skypay_parser(skypay_credentials: Credentials) -> CallbackParser:
    """Return a parser of plain bodies for the account."""
    return CallbackParser(skypay_credentials)


@pytest.fixture
def skypay_body(skypay_credentials: Credentials) -> BodyFactory:
    """Return a function like ``skypay_payout.testing.body``, for the account of ``skypay_credentials``."""

    def make(status: int = PayType.UPLOAD, *, cipher: BodyCipher | None = None, **fields: object) -> bytes:
        """Make the body of that status; ``fields`` by wire name replace or add to what it holds."""
        account = {
            "userName": skypay_credentials.user_name,
            "authentication": skypay_credentials.authentication[-1],
        }
        return body(status, cipher=cipher, **account | fields)

    return make
