"""What an endpoint responded is asserted as the conformance check does it."""

from __future__ import annotations

import json
from collections.abc import Callable

import freezegun
import pytest

from skypay_payout import CallbackParser, PayType, acknowledge
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AUTHENTICATION,
    ENCRYPTION_KEY,
    WRONG_AUTHENTICATION,
    BadBody,
    assert_acknowledged,
    assert_rejected,
    bad_bodies,
    body,
)
from tests.support.parsers import ENCRYPTED, PLAIN

CIPHER = BodyCipher(ENCRYPTION_KEY)
RIGHT = acknowledge().to_dict()


def changed(**fields: object) -> bytes:
    fields = {**acknowledge().to_dict(), **fields}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


@pytest.mark.parametrize("status", PayType)
def test_acknowledgement_is_one(status: PayType) -> None:
    response = PLAIN.receive(body(status)).respond()
    assert_acknowledged(response.status, response.body)
    assert_acknowledged(response.status, response.body.decode())
    encrypted = ENCRYPTED.cipher
    assert encrypted is not None
    response = CallbackParser(PLAIN.credentials, cipher=encrypted).receive(body(cipher=encrypted)).respond()
    assert_acknowledged(response.status, response.body, encrypted)


@pytest.mark.parametrize(
    ("status", "received", "message"),
    [
        (201, lambda: changed(), "expected status 200, got 201"),
        (200, lambda: b"", "expected one JSON object"),
        (200, lambda: b"OK", "expected one JSON object"),
        (200, lambda: changed(responseCode="1001"), "responseCode 1000"),
        (200, lambda: changed(responseDescription="OK"), "responseDescription"),
        (200, lambda: changed(responseTime=None), "expected responseTime, got none"),
        (200, lambda: changed(responseTime="2018-06-18 17:52:10.521"), "yyyy-MM-dd HH:mm:ss.SSSS"),
        (200, lambda: changed(responseTime="2018-06-18 17:52:10.5211"), "expected the present in UTC[+]8"),
        (200, lambda: changed(extra="1"), "the three fields and no others, got 'extra' too"),
        (200, lambda: changed() + b"{}", "expected one JSON object"),
    ],
)
def test_anything_else_is_no_acknowledgement(
    status: int, received: Callable[[], bytes], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        assert_acknowledged(status, received())


def test_everything_that_is_wrong_is_told() -> None:
    with pytest.raises(AssertionError, match=r"responseDescription.*; .*no others"):
        assert_acknowledged(200, changed(responseDescription="OK", extra="1"))


@freezegun.freeze_time("2018-06-18T09:52:10.52119+00:00")
def test_frozen_time_is_the_present() -> None:
    assert_acknowledged(200, changed(responseTime="2018-06-18 17:52:10.5211"))


def test_plain_response_to_an_encrypted_callback_is_wrong() -> None:
    with pytest.raises(AssertionError, match="got one in plain JSON"):
        assert_acknowledged(200, changed(), CIPHER)
    with pytest.raises(AssertionError, match="encrypted with the key of the callback"):
        assert_acknowledged(200, BodyCipher("another key").encrypt(changed()), CIPHER)
    with pytest.raises(AssertionError):
        assert_acknowledged(200, CIPHER.encrypt(changed()))


@pytest.mark.parametrize("parser", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])
def test_every_bad_body_gets_what_it_says(parser: CallbackParser) -> None:
    def check(bad: BadBody) -> None:
        response = parser.receive(bad.body).respond()
        assert response.status == bad.status
        if bad.status == 200:
            assert_acknowledged(response.status, response.body, parser.cipher)
            with pytest.raises(AssertionError, match="with responseCode 1000"):
                assert_rejected(response.status, response.body, parser.cipher)
        else:
            assert_rejected(response.status, response.body, parser.cipher)
            with pytest.raises(AssertionError, match=f"got {bad.status}"):
                assert_acknowledged(response.status, response.body, parser.cipher)

    for bad in bad_bodies(parser):
        check(bad)


@pytest.mark.parametrize("status", [200, 204, 302, 399, 429, 500, 503])
def test_other_status_is_no_rejection(status: int) -> None:
    with pytest.raises(AssertionError, match=f"expected a status from 400 to 499, got {status}"):
        assert_rejected(status, "")


@pytest.mark.parametrize("status", [400, 403, 413, 422, 499])
def test_rejection_may_say_why(status: int) -> None:
    assert_rejected(status, "unknown account AppName@skypay")


@pytest.mark.parametrize(
    "received",
    [changed(), changed(responseCode=1000), CIPHER.encrypt(changed()), b'{"responseCode":"1000"}'],
    ids=["text", "number", "encrypted", "alone"],
)
def test_rejection_that_says_1000_acknowledges(received: bytes) -> None:
    with pytest.raises(AssertionError, match="got 400 with responseCode 1000"):
        assert_rejected(400, received, CIPHER)


@pytest.mark.parametrize("secret", [AUTHENTICATION, WRONG_AUTHENTICATION, ENCRYPTION_KEY])
def test_rejection_that_repeats_a_secret_leaks_it(secret: str) -> None:
    for received in (f"got {secret}".encode(), CIPHER.encrypt(secret.encode())):
        with pytest.raises(AssertionError, match="that repeats no secret") as found:
            assert_rejected(403, received, CIPHER)
        assert secret not in str(found.value)
