"""A response is read in two steps, and the cause is named where it is encrypted otherwise."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import md5, sha1, sha256

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from skypay_payout import acknowledge
from skypay_payout._times import SKYPAY_ZONE
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import ENCRYPTION_KEY
from skypay_payout.testing._misreading import aes_keys
from skypay_payout.testing._reading import not_acknowledged, read

CIPHER = BodyCipher(ENCRYPTION_KEY)
(AES_KEY,) = aes_keys(CIPHER)
TEXT = acknowledge().to_json()
RIGHT = CIPHER.encrypt(TEXT)


def encrypted(key: bytes, padding: bytes | None = None, cbc: bytes | None = None) -> bytes:
    size = 16 - len(TEXT) % 16
    encryptor = Cipher(AES(key), ECB() if cbc is None else CBC(cbc)).encryptor()
    padded = TEXT + (bytes([size]) * size if padding is None else padding * size)
    return b64encode(encryptor.update(padded) + encryptor.finalize())


ISSUED = ENCRYPTION_KEY.encode()
OTHERWISE: dict[str, tuple[bytes, str]] = {
    "with zeros as padding": (encrypted(AES_KEY, b"\0"), "another padding than PKCS#7"),
    "with spaces as padding": (encrypted(AES_KEY, b" "), "another padding than PKCS#7"),
    "in CBC mode": (encrypted(AES_KEY, cbc=bytes(16)), "in CBC mode instead of ECB"),
    "in CBC mode with the key": (encrypted(AES_KEY, cbc=AES_KEY), "in CBC mode instead of ECB"),
    "in the alphabet of URLs": (urlsafe_b64encode(b64decode(RIGHT)), "in the alphabet of URLs"),
    "without padding of Base64": (RIGHT.rstrip(b"="), "without the = at its end"),
    "twice": (RIGHT + RIGHT, "written twice"),
    "in quotes": (b'"' + RIGHT + b'"', "in quotes"),
    "in hexadecimal": (b64decode(RIGHT).hex().encode(), "in hexadecimal instead of Base64"),
    "in Base64 of Base64": (b64encode(RIGHT), "in Base64 of Base64"),
    "without Base64": (b64decode(RIGHT), "without Base64"),
    "in JSON": (json.dumps({"data": RIGHT.decode()}).encode(), "in a JSON field"),
    "with a byte order mark": (b"\xef\xbb\xbf" + RIGHT, "with a byte order mark"),
    "under the issued key": (encrypted(ISSUED), "under the issued key as it is"),
    "under one SHA-1": (encrypted(sha1(ISSUED).digest()[:16]), "under one SHA-1 of the key"),
    "under hexadecimal SHA-1": (
        encrypted(sha1(sha1(ISSUED).hexdigest().encode()).digest()[:16]),
        "under SHA-1 of the hexadecimal SHA-1",
    ),
    "under MD5": (encrypted(md5(ISSUED).digest()), "under MD5 of the key"),
    "under SHA-256": (encrypted(sha256(ISSUED).digest()), "under SHA-256 of the key"),
    "in Base64 only": (b64encode(TEXT), "not encrypted"),
    "with noise": (b"noise", "'noise', which no key decrypts"),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_the_cause_is_named_where_a_response_is_encrypted(name: str) -> None:
    body, cause = OTHERWISE[name]
    if name == "without padding of Base64" and not RIGHT.endswith(b"="):
        body = CIPHER.encrypt(TEXT + b" " * 16 + b" " * 5).rstrip(b"=")
    failure = read(200, body, (AES_KEY,), issued=(ENCRYPTION_KEY,)).failure
    assert failure.startswith("expected a response encrypted with the key of the callback, got ")
    assert cause in failure
    assert ENCRYPTION_KEY not in failure


def problem(body: bytes, keys: tuple[bytes, ...] = ()) -> str:
    return not_acknowledged(read(200, body, keys), datetime.now(SKYPAY_ZONE))


CHANGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "another code": (lambda text: text.replace(b"1000", b"1001"), "expected responseCode 1000, got '1001'"),
    "nothing": (lambda _: b"", "expected one JSON object, got ''"),
    "another description": (lambda text: text.replace(b"Success", b"OK"), "responseDescription: expected"),
    "another form of time": (lambda text: text.replace(b" ", b"T", 1), "responseTime: expected yyyy-MM-dd"),
    "another time": (lambda text: text.replace(b"20", b"19", 1), "responseTime: expected the present"),
    "a field more": (lambda text: text[:-1] + b',"a":1}', "expected the three fields and no others"),
    "a field twice": (lambda text: text[:-1] + b',"responseCode":"1000"}', "'responseCode' is there twice"),
    "something deep": (lambda text: text[:-1] + b',"a":' + b"[" * 99, "nested too deep"),
    "text behind it": (lambda text: text + b"ok", "Extra data: line 1"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_acknowledgement_is_a_problem_that_names_the_change(name: str) -> None:
    change, expected = CHANGED[name]
    assert expected in problem(change(acknowledge().to_json()))


def test_a_response_that_is_compressed_is_no_acknowledgement() -> None:
    reading = read(200, TEXT, encoding="gzip")
    assert reading.failure.endswith("got 'gzip': switch compression off")
    assert read(200, TEXT, encoding="identity").failure == ""


@pytest.mark.parametrize("issued", ["short", "of no length that AES has"])
def test_an_issued_key_of_any_length_is_tried(issued: str) -> None:
    failure = read(200, encrypted(md5(issued.encode()).digest()), (AES_KEY,), issued=(issued,)).failure
    assert failure.endswith("under MD5 of the key")


def test_plain_json_under_encryption_acknowledges_under_no_key() -> None:
    reading = read(200, TEXT, (AES_KEY,))
    assert reading.failure == ""
    assert reading.key == (
        "expected a response encrypted with the key of the callback, got one in plain JSON"
    )


def test_a_number_as_code_is_no_problem_but_known() -> None:
    number = acknowledge().to_json().replace(b'"1000"', b"1000")
    assert problem(number) == ""
    assert read(200, number).code_is_number
