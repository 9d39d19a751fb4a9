"""The encryption agrees with SkyPay's Java reference: vectors that were made with it."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest

from skypay_payout import MalformedBodyError
from skypay_payout.encryption import BodyCipher

VECTORS = json.loads(Path(__file__).parents[1].joinpath("data", "encryption-vectors.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector["plaintext"][:16]))
def test_the_reference_and_this_library_encrypt_and_decrypt_alike(vector: dict[str, str]) -> None:
    cipher, text, encrypted = BodyCipher(vector["key"]), vector["plaintext"].encode(), vector["ciphertext"]
    assert cipher.encrypt(text) == encrypted.encode()
    assert [key.decrypt(b64decode(encrypted)) for key in cipher.keys] == [text]
    if text.startswith(b"{"):
        assert cipher.decrypt(encrypted) == cipher.decrypt(encrypted.encode()) == text
    else:
        with pytest.raises(MalformedBodyError):
            cipher.decrypt(encrypted)


def test_there_are_vectors_of_several_keys() -> None:
    assert len({vector["key"] for vector in VECTORS}) > 1
