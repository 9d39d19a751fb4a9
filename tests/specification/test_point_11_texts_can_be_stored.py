"""Point 11: the texts of a callback can be stored, and what is written as JSON is ASCII."""

from __future__ import annotations

import json

import pytest

from skypay_payout import ErrorCode, InvalidCallbackError, PayoutCallback, Quarantined
from skypay_payout.testing import body
from tests.support.callbacks import PARSER, field_errors, outcome, with_fields

FIELDS = ["failDescription", "referenceNumber"]


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(
    "text", ["\0", "a\0b", "\ud800", "cut \ud83d", "\udca9 cut", "\udc00\ud800", "\0\ud800"]
)
def test_zero_and_half_of_a_surrogate_pair_are_quarantined(name: str, text: str) -> None:
    sent = with_fields({name: text})
    assert field_errors(sent) == [(name, ErrorCode.INVALID_TEXT)]
    result = PARSER.receive(sent)
    assert isinstance(result, Quarantined)
    assert result.error.payload[name] == text
    assert result.respond().status == 200


@pytest.mark.parametrize("name", FIELDS)
def test_whole_pairs_and_all_other_characters_are_accepted(name: str) -> None:
    for text in ("💸", "\x01\x1f\x7f\u2028\uffff\U0010ffff"):
        assert isinstance(outcome(PARSER, with_fields({name: text})), PayoutCallback)
    escaped = with_fields({name: "%"}).replace(b"%", rb"\ud83d\udcb8")
    assert isinstance(outcome(PARSER, escaped), PayoutCallback)


HOSTILE: dict[str, object] = {"half \ud83d": ["\udfff", "\0", "余额不足 💸"], "x\0": None}


def test_what_to_dict_gives_is_ascii_as_json() -> None:
    callback = outcome(PARSER, with_fields({"failDescription": "余额不足 💸", **HOSTILE}))
    assert isinstance(callback, PayoutCallback)
    text = json.dumps(callback.to_dict())
    assert text.isascii()
    assert "\0" not in text
    assert PayoutCallback.from_dict(json.loads(text)) == callback


def test_the_quarantined_payload_is_ascii_as_json() -> None:
    error = outcome(PARSER, with_fields({"failDescription": "\ud800\0", **HOSTILE}))
    assert isinstance(error, InvalidCallbackError)
    text = json.dumps(error.payload)
    assert text.isascii()
    assert "\0" not in text
    assert json.loads(text) == error.payload


def test_the_message_names_the_character_and_shows_it_escaped() -> None:
    error = outcome(PARSER, body(failDescription="a\0\ud800"))
    assert str(error).endswith(r"got 'a\x00\ud800'")
    assert "without U+0000 and lone surrogates, which databases reject" in str(error)
