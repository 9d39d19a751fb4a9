"""A callback survives every way it takes: the wire, ``to_dict`` and JSON, and quarantine."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skypay_payout import InvalidCallbackError, PayoutCallback, PayType
from skypay_payout.encryption import BodyCipher
from tests.properties.generated import (
    CIPHER,
    ENCRYPTED,
    GOOD,
    PLAIN,
    USER_NAME,
    Good,
    accepted,
    checked,
    good_callbacks,
    halves,
    to_wire,
    values_of,
    written,
)


def canonical(callback: PayoutCallback) -> str:
    return json.dumps(callback.to_dict(), sort_keys=True)


@given(good_callbacks())
def test_what_is_accepted_is_what_was_sent(good: Good) -> None:
    body = written(good.fields)
    for parser, sent in ((PLAIN, body), (ENCRYPTED, CIPHER.encrypt(body))):
        callback = checked(parser, sent)
        assert isinstance(callback, PayoutCallback)
        assert callback.user_name == USER_NAME
        assert callback.control_number == good.fields["controlNumber"]
        assert callback.pay_type is PayType(int(str(good.fields["payType"])))
        assert callback.deal_time == good.deal_time
        assert callback.deal_time.utcoffset() == timedelta(hours=8)
        assert callback.fail_description == (good.fields.get("failDescription") or None)
        assert callback.reference_number == (good.fields.get("referenceNumber") or None)
        extra = {name: it for name, it in good.fields.items() if name not in GOOD}
        assert repr(callback.extra) == repr(extra)
        assert accepted(PLAIN, written(to_wire(callback))) == callback


@given(good_callbacks())
def test_to_dict_goes_through_json_and_back(good: Good) -> None:
    callback = accepted(PLAIN, written(good.fields))
    text = json.dumps(callback.to_dict())
    assert text.isascii()
    again = PayoutCallback.from_dict(json.loads(text))
    assert again == callback
    assert repr(again) == repr(callback)
    assert again.to_dict() == callback.to_dict()


@given(good_callbacks(), good_callbacks())
def test_the_identities_are_equal_for_one_event_and_for_one_content_only(one: Good, other: Good) -> None:
    first, second = accepted(PLAIN, written(one.fields)), accepted(PLAIN, written(other.fields))
    event = (first.control_number, first.pay_type, first.deal_time)
    same_event = event == (second.control_number, second.pay_type, second.deal_time)
    assert (first.idempotency_key == second.idempotency_key) is same_event
    for callback in (accepted(PLAIN, written(to_wire(first))), PayoutCallback.from_dict(first.to_dict())):
        assert (callback.idempotency_key, callback.digest) == (first.idempotency_key, first.digest)
    assert (first.digest == second.digest) is (canonical(first) == canonical(second))
    assert len(first.idempotency_key) <= 50


@given(
    good_callbacks(),
    st.sampled_from(["payType", "dealTime", "controlNumber", "action"]),
    st.dictionaries(halves.filter(lambda name: name not in GOOD), values_of(halves), max_size=2),
)
def test_a_corrected_payload_gives_the_callback_that_parse_gives(
    good: Good, name: str, unknown: dict[str, object]
) -> None:
    fields = {**unknown, **good.fields}
    error = checked(PLAIN, written(fields | {name: "?"}))
    assert isinstance(error, InvalidCallbackError)
    stored = json.loads(json.dumps(error.payload))
    assert stored == error.payload
    callback = PLAIN.revalidate(stored | {name: fields[name]})
    parsed = accepted(PLAIN, written(fields))
    assert callback == parsed
    assert repr(callback.extra) == repr(parsed.extra)


@given(good_callbacks(), st.dictionaries(st.sampled_from(list(GOOD)[3:]), values_of(halves)))
def test_revalidate_and_parse_find_the_same_errors(good: Good, wrong: dict[str, object]) -> None:
    error = checked(PLAIN, written(good.fields | wrong))
    assume(isinstance(error, InvalidCallbackError))
    assert isinstance(error, InvalidCallbackError)
    with pytest.raises(InvalidCallbackError) as caught:
        PLAIN.revalidate(json.loads(json.dumps(error.payload)))
    again = caught.value
    assert (again.errors, again.payload) == (error.errors, error.payload)
    assert again.digest == error.digest
    assert again.control_number == error.control_number


@given(st.binary(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_is_encrypted_is_decrypted_again(data: bytes, key: str) -> None:
    cipher = BodyCipher(key)
    assert cipher.keys[0].decrypt(b64decode(cipher.encrypt(data))) == data
