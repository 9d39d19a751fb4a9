"""The JSON Schemas: what they say, and what no schema can see."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from skypay_payout import PayoutCallback, acknowledge, schema
from skypay_payout.testing import encode, payload
from tests.support.callbacks import PARSER, outcome

CALLBACK = jsonschema_rs.Draft202012Validator(dict(schema.CALLBACK))
ACKNOWLEDGEMENT = jsonschema_rs.Draft202012Validator(dict(schema.ACKNOWLEDGEMENT))
NOT_GIVEN = "null and empty: not given"


def test_the_schemas_are_valid_schemas_and_plain_json() -> None:
    for one in (schema.CALLBACK, schema.ACKNOWLEDGEMENT):
        jsonschema_rs.meta.validate(dict(one))
        assert json.loads(json.dumps(one)) == one


def test_the_callback_and_its_required_fields_are_described() -> None:
    assert schema.CALLBACK["title"] == "payoutQueuePayout"
    assert schema.CALLBACK["type"] == "object"
    assert "additionalProperties" not in schema.CALLBACK
    assert schema.CALLBACK["required"] == [
        "userName",
        "action",
        "authentication",
        "controlNumber",
        "payType",
        "dealTime",
    ]


def test_each_field_says_what_it_is_in_words_and_rules() -> None:
    assert schema.CALLBACK["properties"] == {
        "userName": {
            "description": "The account that SkyPay issued.",
            "type": "string",
            "minLength": 1,
            "maxLength": 50,
        },
        "action": {"description": "Which of SkyPay's callbacks this is.", "const": "payoutQueuePayout"},
        "authentication": {
            "description": "The secret that SkyPay issued; compared exactly.",
            "type": "string",
            "minLength": 1,
            "maxLength": 50,
        },
        "controlNumber": {
            "description": "Which payout: issued prefix, 8 to 10 digits.",
            "type": "string",
            "pattern": "^[A-Za-z0-9]{5}[0-9]{8,10}$",
            "examples": ["SK99123456789"],
        },
        "payType": {
            "description": "What happened: 1 UPLOAD, 2 PAYOUT, 3 CANCEL, 4 FAILURE, 5 AMENDED_SUCCESS, "
            "6 AMENDED_FAIL.",
            "enum": [1, "1", 2, "2", 3, "3", 4, "4", 5, "5", 6, "6"],
        },
        "dealTime": {
            "description": "When that happened; UTC+8 unless it has an offset.",
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
            "(?:[.,][0-9]{1,9})?(Z|[+-][0-9]{2}(?::?([0-9]{2}))?)?$",
            "examples": ["2018-08-07 11:58:33"],
        },
        "failDescription": {
            "description": "Why the payment failed.",
            "type": ["string", "null"],
            "pattern": "^[^\\u0000]*$",
            "$comment": NOT_GIVEN,
        },
        "referenceNumber": {
            "description": "The ML channel's reference, with payType 1 and 5.",
            "type": ["string", "null"],
            "pattern": "^[^\\u0000]*$",
            "$comment": NOT_GIVEN,
        },
    }


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
    assert schema.ACKNOWLEDGEMENT["title"] == "payoutQueuePayout acknowledgement"
    assert schema.ACKNOWLEDGEMENT["required"] == ["responseTime", "responseCode", "responseDescription"]
    properties = schema.ACKNOWLEDGEMENT["properties"]
    assert isinstance(properties, dict)
    assert properties["responseCode"] == {"const": "1000"}
    assert properties["responseDescription"] == {"const": "Success"}
    assert properties["responseTime"]["examples"] == ["2018-06-18 17:52:10.5211"]


@pytest.mark.parametrize(
    "changed",
    [
        {"responseCode": 1000},
        {"responseCode": "1001"},
        {"responseDescription": "success"},
        {"responseTime": "2018-06-18 17:52:10.521"},
        {"responseTime": "2018-06-18T17:52:10.5211"},
        {"responseTime": "2018-06-18 24:00:00.0000"},
        {"more": "1"},
    ],
)
def test_nothing_else_is_an_acknowledgement(changed: dict[str, object]) -> None:
    acknowledgement = acknowledge().to_dict()
    assert ACKNOWLEDGEMENT.is_valid(acknowledgement)
    assert not ACKNOWLEDGEMENT.is_valid(acknowledgement | changed)
