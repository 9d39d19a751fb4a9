"""Point 4: controlNumber is five ASCII letters or digits, then 8 to 10 digits; accounts have prefixes."""

from __future__ import annotations

import json

import pytest

from skypay_payout import CallbackParser, ControlNumber, Credentials, ErrorCode, PayoutCallback, Rejected
from skypay_payout.testing import AUTHENTICATION, USER_NAME, bad_bodies, body
from tests.support.callbacks import PARSER, field_errors, outcome, short, with_fields

VALID = ["SK99123456789", "SKY99000000001", "SKYAB0123456789", "skyab12345678", "1234512345678"]
BAD = [json.loads(bad.body) for bad in bad_bodies(PARSER) if bad.kind == "invalid-control-number"]
INVALID = [str(fields["controlNumber"]) for fields in BAD if isinstance(fields.get("controlNumber"), str)]
INVALID += ["SKÝ9912345678", "SKY99123456٣8", "SK99123456789\r\n", "\ufeffSK99123456789", "*" * 20]
OWN = CallbackParser(
    [
        Credentials(USER_NAME, AUTHENTICATION, prefixes=["SK991", "SKY88"]),
        Credentials("Two@skypay", "two", prefixes="SKY99"),
        Credentials("Any@skypay", "any"),
    ]
)


@pytest.mark.parametrize("text", VALID)
def test_a_prefix_and_8_to_10_digits_are_a_control_number(text: str) -> None:
    callback = outcome(PARSER, with_fields({"controlNumber": text}))
    assert isinstance(callback, PayoutCallback)
    assert callback.control_number == text
    assert type(callback.control_number) is ControlNumber


@pytest.mark.parametrize("text", INVALID, ids=short)
def test_nothing_else_is_a_control_number(text: str) -> None:
    assert [name for name, _ in field_errors(with_fields({"controlNumber": text}))] == ["controlNumber"]
    with pytest.raises(ValueError, match="^expected 5 ASCII letters or digits"):
        ControlNumber(text)


@pytest.mark.parametrize(
    ("user_name", "secret", "accepted"),
    [
        (USER_NAME, AUTHENTICATION, {"SK991", "SKY88"}),
        ("Two@skypay", "two", {"SKY99"}),
        ("Any@skypay", "any", {"SK991", "SKY88", "SKY99", "sk991"}),
    ],
)
def test_an_account_with_prefixes_reports_only_its_own_payouts(
    user_name: str, secret: str, accepted: set[str]
) -> None:
    for prefix in ("SK991", "SKY88", "SKY99", "sk991"):
        sent = body(userName=user_name, authentication=secret, controlNumber=f"{prefix}23456789")
        if prefix in accepted:
            callback = outcome(OWN, sent)
            assert isinstance(callback, PayoutCallback)
            assert callback.control_number.prefix == prefix
        else:
            assert field_errors(sent, OWN) == [("controlNumber", ErrorCode.UNEXPECTED_PREFIX)]


def test_a_payout_of_another_partner_is_quarantined_with_its_control_number() -> None:
    result = OWN.receive(body(controlNumber="SKY9912345678"))
    assert not isinstance(result, Rejected)
    assert result.respond().status == 200
    assert getattr(result, "error").control_number == "SKY9912345678"  # noqa: B009
    assert "one of the account's 2 prefixes, got 'SKY9912345678'" in str(getattr(result, "error"))  # noqa: B009
