"""One body as SkyPay sends it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skypay_payout import AuthenticationError, CallbackParser, Credentials, InvalidCallbackError, PayType
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AUTHENTICATION,
    CREDENTIALS,
    ENCRYPTION_KEY,
    USER_NAME,
    body,
    encode,
    payload,
)
from skypay_payout.testing._bodies import ciphers, payload_for

PLAIN = CallbackParser(CREDENTIALS)
CIPHER = BodyCipher(ENCRYPTION_KEY)


@pytest.mark.parametrize("status", PayType)
def test_body_of_every_status_is_valid(status: PayType) -> None:
    callback = PLAIN.parse(body(status))
    assert callback.pay_type is status
    assert (callback.fail_description is not None) == (status is PayType.FAILURE)
    assert (callback.reference_number is not None) == (status in (PayType.UPLOAD, PayType.AMENDED_SUCCESS))


def test_fields_replace_those_of_the_sample_or_come_on_top() -> None:
    callback = PLAIN.parse(body(PayType.PAYOUT, controlNumber="SKY99000000001", fee="12.50"))
    assert (callback.control_number, dict(callback.extra)) == ("SKY99000000001", {"fee": "12.50"})


def test_status_can_be_a_number_that_is_not_specified_yet() -> None:
    with pytest.raises(InvalidCallbackError, match="expected 1 to 6, got '7'"):
        PLAIN.parse(body(7))


def test_body_is_encrypted_with_a_cipher() -> None:
    parser = CallbackParser(CREDENTIALS, cipher=CIPHER)
    assert parser.parse(body(cipher=CIPHER)) == PLAIN.parse(body())
    assert body(cipher=CIPHER) == CIPHER.encrypt(body())


def test_field_can_be_removed() -> None:
    fields = payload()
    del fields["authentication"]
    with pytest.raises(AuthenticationError):
        PLAIN.parse(encode(fields))


def test_encoded_payload_can_be_encrypted() -> None:
    assert CIPHER.decrypt(encode(payload(), cipher=CIPHER)) == body()


def test_lone_surrogate_is_escaped() -> None:
    text = body(fee="余\ud83d")
    assert text.endswith('"fee": "余\\ud83d"}'.encode())
    assert json.loads(text)["fee"] == "余\ud83d"


@pytest.mark.parametrize(
    ("typo", "name"),
    [
        ("control_number", "controlNumber"),
        ("deal_time", "dealTime"),
        ("fail_description", "failDescription"),
        ("pay_type", "payType"),
        ("reference_number", "referenceNumber"),
        ("user_name", "userName"),
    ],
)
def test_name_of_an_attribute_is_no_name_of_a_field(typo: str, name: str) -> None:
    fields: dict[str, Any] = {typo: "SK99100000001"}
    for make in (body, payload):
        with pytest.raises(TypeError, match=f"expected wire names, got {typo}: write {name}"):
            make(PayType.PAYOUT, **fields)


def test_unknown_field_may_be_in_lower_case() -> None:
    assert payload(fee="1", new_field="2")["new_field"] == "2"


def test_field_that_is_not_json_raises() -> None:
    with pytest.raises(TypeError):
        body(fee=object())
    with pytest.raises(ValueError, match="not JSON compliant"):
        body(fee=float("nan"))


def test_payload_for_a_parser_has_its_newest_secret_and_a_prefix_of_its_account() -> None:
    account = Credentials(USER_NAME, ["an older secret", AUTHENTICATION], prefixes=["SKY99", "SKY98"])
    fields = payload_for(CallbackParser([account, Credentials("Other@skypay", "secret")]))
    assert fields == payload(controlNumber="SKY9823456789")


def test_ciphers_are_one_for_each_key_oldest_first() -> None:
    assert ciphers(PLAIN) == ()
    parser = CallbackParser(CREDENTIALS, cipher=BodyCipher(["an older key", ENCRYPTION_KEY]))
    expected = [BodyCipher(key).encrypt(b"{}") for key in ("an older key", ENCRYPTION_KEY)]
    assert [cipher.encrypt(b"{}") for cipher in ciphers(parser)] == expected
