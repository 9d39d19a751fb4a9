"""How JSON values are written into messages, and as canonical JSON."""

from __future__ import annotations

import pytest

from skypay_payout._formatting import canonical_json, quoted


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "'text'"),
        ("it's", '"it\'s"'),
        ("", "''"),
        ("余额不足", "'余额不足'"),
        ("a\nb\0\x1b[31m\x7f\u202e\ud800", r"'a\nb\x00\x1b[31m\x7f\u202e\ud800'"),
        ("x" * 40, f"'{'x' * 40}'"),
        ("x" * 41, f"'{'x' * 40}'… (41 characters)"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (-7, "-7"),
        (10**40 - 1, "9" * 40),
        (1 - 10**40, f"-{'9' * 40}"),
        (10**40, "a very long number"),
        pytest.param(-(10**9999), "a very long number", id="too long to be written"),
        (1.5, "1.5"),
        ([1], "an array"),
        ({}, "an object"),
    ],
)
def test_a_value_is_quoted_escaped_and_shortened(value: object, text: str) -> None:
    assert quoted(value) == text


def test_equal_data_have_the_same_canonical_json() -> None:
    one = {"b": [1, {"d": None, "c": "余"}], "a": "\ud800"}
    other = {"a": "\ud800", "b": [1, {"c": "余", "d": None}]}
    assert canonical_json(one) == canonical_json(other) == r'{"a":"\ud800","b":[1,{"c":"\u4f59","d":null}]}'
