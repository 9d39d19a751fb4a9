"""No genuine callback is ever lost: whatever its texts and unknown fields hold, within size and depth.

Each stands plain, and encrypted under the old and under the new key of a rotation.
"""

from __future__ import annotations

import json

import pytest

from skypay_payout import ErrorCode, InvalidCallbackError, PayoutCallback
from skypay_payout.testing import body
from tests.support.callbacks import everywhere, with_fields

VENDOR_REPLY = json.dumps(
    {"code": "E42", "errors": [{"field": name, "reasons": ["a", "b", [1, 2, 3]]} for name in "abcdefghij"]}
)
STACK_TRACE = "java.lang.IllegalStateException: {balance=[0,0,0]}\n" + "".join(
    f"\tat com.vendor.payout.Step{n}.run(Step{n}.java:{n})\r\n" for n in range(60)
)
TEXTS = {
    "a vendor's JSON reply": VENDOR_REPLY,
    "JSON in JSON in JSON": json.dumps(json.dumps(VENDOR_REPLY)),
    "a stack trace": STACK_TRACE,
    "a CSV": "id,amount,currency,,,\n" * 200,
    "XML": "<a><b c='d'/></a>" * 100,
    "a form": "a=1&b=%7B%22%5D" * 100,
    "a Base64 signature": "MEUCIQD+/3x9" * 40 + "==",
    "a Windows path": "C:\\vendor\\logs\\" * 50,
    "backslashes": "\\" * 3000,
    "quotes": '"' * 3000,
    "opening brackets": "[{" * 3000,
    "closing brackets": "]}" * 3000,
    "commas": "," * 30_000,
    "digits": "7" * 30_000,
    "hexadecimal digits": "DEADBEEF" * 1000,
    "what ends a body": ',}\n"}',
    "comments": "/* */ // # --",
    "control characters": "\x01\x1b[31m\x7f\r\n\t" * 500,
    "Chinese": "余额不足" * 2000,
    "emoji": "😀" * 2000,
    "right-to-left marks": "\u202e\u2066" * 500,
    "a byte order mark": "\ufeff" * 500,
    "separators of lines": "\u2028\u2029\x85" * 500,
    "the last characters": "\uffff\U0010ffff",
    "a format string": "%s {0} ${x} {{}}" * 100,
    "SQL": "'; DROP TABLE payouts; --",
}
VALUES: dict[str, object] = {
    "ten attempts": [{"at": n, "result": "failed", "vendor": "ML"} for n in range(10)],
    "a thousand numbers": list(range(1000)),
    "a thousand fractions": [n + 0.1 for n in range(1000)],
    "many empty arrays": [[]] * 5000,
    "many empty objects": [{}] * 5000,
    "many fields": {f"field{n}": n for n in range(3000)},
    "literals": [None, True, False] * 1000,
    "an integer of 500 digits": int("7" * 500),
    "an integer of 4,300 digits": -int("7" * 4300),
    "integers of 500 digits": [int("7" * 500)] * 20,
    "the smallest fraction": 5e-324,
    "the largest fraction": 1.7976931348623157e308,
    "64 levels": json.loads("[" * 62 + "]" * 62),
    "64 levels again and again": [json.loads('{"a":' * 61 + "0" + "}" * 61)] * 20,
    "a lone surrogate": {"\ud83d": "\udfff"},
    "U+0000": {"\0": "\0"},
    "names that look alike": {"e\u0301": 1, "\u00e9": 2},
    "a name in another spelling": {"PayType": 9, "__proto__": 1, "": 0},
    "a callback in it": json.loads(body()),
}


def check_kept(callback: object, name: str, value: object) -> None:
    assert isinstance(callback, PayoutCallback)
    kept = {"failDescription": callback.fail_description} | dict(callback.extra)
    # In an unknown field, the published secret is redacted as in any other.
    assert kept[name] == value or "[redacted]" in repr(kept[name])


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_may_hold_anything(text: str) -> None:
    check_kept(everywhere(body(4, failDescription=text)), "failDescription", text)
    check_kept(everywhere(body(note=text)), "note", text)
    check_kept(everywhere(with_fields({text: 1})), text, 1)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_an_unknown_field_may_hold_any_json_value_and_quarantine_keeps_it_too(value: object) -> None:
    check_kept(everywhere(body(attempts=value)), "attempts", value)
    error = everywhere(body(7, attempts=value))
    assert isinstance(error, InvalidCallbackError)
    assert error.payload["attempts"] == value or "[redacted]" in repr(error.payload)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("dealTime", "7" * 450, ErrorCode.INVALID_FORMAT),
        ("dealTime", int("7" * 450), ErrorCode.INVALID_TYPE),
        ("payType", int("7" * 450), ErrorCode.UNKNOWN_STATUS),
        ("payType", "[,]" * 450, ErrorCode.UNKNOWN_STATUS),
        ("action", "{" * 60_000, ErrorCode.TOO_LONG),
        ("controlNumber", "," * 60_000, ErrorCode.TOO_LONG),
        ("controlNumber", "SK991*" + "7" * 60_000, ErrorCode.MASKED),
        ("failDescription", [[[]]] * 9000, ErrorCode.INVALID_TYPE),
        ("referenceNumber", "," * 60_000 + "\0", ErrorCode.INVALID_TEXT),
    ],
)
def test_an_invalid_field_of_any_size_is_quarantined_and_named(
    name: str, value: object, code: ErrorCode
) -> None:
    error = everywhere(with_fields({name: value}))
    assert isinstance(error, InvalidCallbackError)
    assert [(one.field, one.code) for one in error.errors] == [(name, code)]
    assert error.payload[name] == value
    assert len(str(error)) < 1000
