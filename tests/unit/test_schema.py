"""The JSON Schemas: what they say, and what no schema can see."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from skypay_payout import PayoutCallback, acknowledge, schema
from skypay_payout.testing import encode, payload
from tests.support.callbacks import PARSER, outcome

CALLBACK = jsonschema_rs.Draft202012Validator(schema.callback())
ACKNOWLEDGEMENT = jsonschema_rs.Draft202012Validator(schema.acknowledgement())
NAMES = ["userName", "action", "authentication", "controlNumber", "payType", "dealTime"]
NAMES += ["failDescription", "referenceNumber"]
ONE_LINE = {"pattern": "[^ -~]"}
TEXT = {"type": "string", "minLength": 1, "maxLength": 50}
OPTIONAL = {"type": ["string", "null"], "pattern": r"^[^\x00]*$", "$comment": "null and empty: not given"}


@pytest.mark.parametrize("make", [schema.callback, schema.acknowledgement])
def test_a_schema_is_valid_plain_json_and_a_new_one_each_time(make: Any) -> None:
    one, text = make(), json.dumps(make())
    jsonschema_rs.meta.validate(one)
    assert json.loads(text) == one
    for properties in one.pop("properties").values():
        for value in properties.values():
            if isinstance(value, list | dict):
                value.clear()
        properties.clear()
    one.clear()
    assert json.dumps(make()) == text


def test_the_callback_and_each_of_its_fields_are_described_in_words_and_rules() -> None:
    one: Any = schema.callback()
    assert {name: value for name, value in one.items() if name != "properties"} == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "payoutQueuePayout",
        "description": "The callback that SkyPay sends when a payout changes state. More fields may come.",
        "type": "object",
        "required": NAMES[:6],
    }
    assert list(one["properties"]) == NAMES
    assert {name: field.pop("description") for name, field in one["properties"].items()} == {
        "userName": "The account that SkyPay issued.",
        "action": "The name of this callback.",
        "authentication": "The secret that SkyPay issued; compared exactly.",
        "controlNumber": "The payout.",
        "payType": "The status: 1 UPLOAD, 2 PAYOUT, 3 CANCEL, 4 FAILURE, 5 AMENDED_SUCCESS, 6 AMENDED_FAIL.",
        "dealTime": "Its time; UTC+8 by default.",
        "failDescription": "Why it failed.",
        "referenceNumber": "ML's reference.",
    }
    assert one["properties"] == {
        "userName": TEXT,
        "action": {"const": "payoutQueuePayout"},
        "authentication": TEXT,
        "controlNumber": {
            "type": "string",
            "pattern": "^[A-Za-z0-9]{5}[0-9]{8,10}$",
            "not": ONE_LINE,
            "examples": ["SK99123456789"],
        },
        "payType": {
            "enum": [1, "1", 2, "2", 3, "3", 4, "4", 5, "5", 6, "6"],
            "$comment": "1.0 is invalid too, but JSON Schema cannot tell it from 1",
        },
        "dealTime": {
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
            "(?:[.,][0-9]{1,9})?(Z|[+-][0-9]{2}(?::?([0-9]{2}))?)?$",
            "not": ONE_LINE,
            "examples": ["2018-08-07 11:58:33"],
        },
        "failDescription": OPTIONAL,
        "referenceNumber": OPTIONAL,
    }


def patterns(one: Any) -> list[tuple[str, str | None, str]]:
    """Return each field with a pattern: its example, and what must not match."""
    return [
        (field["pattern"], field.get("not", {}).get("pattern"), field["examples"][0])
        for field in one["properties"].values()
        if "examples" in field
    ]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x85", "\u2028", "\n\n", "\0", " \n"])
@pytest.mark.parametrize(
    ("pattern", "other", "example"), patterns(schema.callback()) + patterns(schema.acknowledgement())
)
def test_no_language_admits_a_line_break_behind_a_value(
    pattern: str, other: str, example: str, end: str
) -> None:
    """In Python, Java and others, ``$`` alone admits one."""
    assert re.search(pattern, example)
    assert not re.search(other, example)
    assert re.search(other, example + end)


@pytest.mark.parametrize("make", [schema.callback, schema.acknowledgement])
def test_no_pattern_needs_what_some_languages_lack(make: Any) -> None:
    for pattern in re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps(make())):
        assert not re.search(r"\(\?[^:]|\\\\[^x.]", pattern)  # lookaround, and escapes such as \u and \d


@pytest.mark.parametrize(
    "beyond",
    [
        pytest.param({"dealTime": "2023-02-29 00:00:00"}, id="a calendar"),
        pytest.param({"dealTime": "0001-01-01T00:00:00"}, id="the first year"),
        pytest.param({"payType": 1.0}, id="1.0, which is 1 in JSON Schema"),
        pytest.param({"authentication": "another"}, id="the secret"),
        pytest.param({"userName": "Another@skypay"}, id="the account"),
    ],
)
def test_the_parser_rejects_what_no_schema_can_see(beyond: dict[str, object]) -> None:
    fields = payload() | beyond
    assert CALLBACK.is_valid(fields)
    assert not isinstance(outcome(PARSER, encode(fields)), PayoutCallback)


def test_the_acknowledgement_is_described_in_order() -> None:
    one: Any = schema.acknowledgement()
    assert list(one["properties"]) == ["responseTime", "responseCode", "responseDescription"]
    assert one == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "payoutQueuePayout acknowledgement",
        "description": "The one response to every callback, whatever its status: received.",
        "type": "object",
        "properties": {
            "responseTime": {
                "description": "The time of the response: yyyy-MM-dd HH:mm:ss.SSSS, in UTC+8.",
                "type": "string",
                "pattern": "^[0-9]{4}(-[0-9]{2}){2} ([01][0-9]|2[0-3])(:[0-5][0-9]){2}[.][0-9]{4}$",
                "not": ONE_LINE,
                "examples": ["2018-06-18 17:52:10.5211"],
            },
            "responseCode": {"const": "1000"},
            "responseDescription": {"const": "Success"},
        },
        "required": ["responseTime", "responseCode", "responseDescription"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "changed",
    [
        *[{"responseCode": 1000}, {"responseCode": "1001"}, {"responseDescription": "success"}],
        *[{"more": "1"}],
        {"responseTime": "2018-06-18 17:52:10.521"},
        {"responseTime": "2018-06-18T17:52:10.5211"},
        {"responseTime": "2018-06-18 24:00:00.0000"},
        {"responseTime": "2018-06-18 17:52:10.5211\n"},
    ],
)
def test_nothing_else_is_an_acknowledgement(changed: dict[str, object]) -> None:
    acknowledgement = acknowledge().to_dict()
    assert ACKNOWLEDGEMENT.is_valid(acknowledgement)
    assert not ACKNOWLEDGEMENT.is_valid(acknowledgement | changed)
