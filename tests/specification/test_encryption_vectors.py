"""The encryption agrees with SkyPay's Java reference: vectors that were made with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skypay_payout.encryption import BodyCipher

VECTORS = json.loads(Path(__file__).parents[1].joinpath("data", "encryption-vectors.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector["plaintext"][:16]))
def test_the_reference_and_this_library_encrypt_and_decrypt_alike(vector: dict[str, str]) -> None:
    cipher = BodyCipher(vector["key"])
    assert cipher.encrypt(vector["plaintext"].encode()) == vector["ciphertext"].encode()
    assert cipher.decrypt(vector["ciphertext"].encode()) == vector["plaintext"].encode()
    assert cipher.decrypt(vector["ciphertext"]) == vector["plaintext"].encode()


def test_there_are_vectors_of_several_keys() -> None:
    assert len({vector["key"] for vector in VECTORS}) > 1
