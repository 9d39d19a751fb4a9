"""The two parsers under which most tests run."""

from __future__ import annotations

from skypay_payout import CallbackParser, Credentials
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, ENCRYPTION_KEY, USER_NAME

PLAIN = CallbackParser(CREDENTIALS)
"""The sample's account; bodies are plain."""

ENCRYPTED = CallbackParser(
    [
        Credentials(USER_NAME, ["an older secret", AUTHENTICATION], prefixes={"SK991", "00000"}),
        Credentials("余额@skypay", 'a "secret"', prefixes={"SKY99"}),
    ],
    cipher=BodyCipher(["an older key", ENCRYPTION_KEY]),
)
"""Two accounts, one of them with two secrets, both with prefixes of their own, and two keys."""
