"""JSON values, written into messages, as canonical JSON, and without secrets."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import pairwise

import pytest

from skypay_payout import CallbackParser, Credentials, InvalidCallbackError
from skypay_payout._formatting import REDACTED, canonical_json, contains, digest, quoted, redact
from skypay_payout.testing import USER_NAME, body
from tests.support.callbacks import outcome


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[("text", "'text'"), ("it's", '"it\'s"'), ("", "''"), ("余额不足", "'余额不足'")],
        ("a\nb\0\x1b[31m\x7f\u202e\ud800", r"'a\nb\x00\x1b[31m\x7f\u202e\ud800'"),
        *[("x" * 40, f"'{'x' * 40}'"), ("x" * 41, f"'{'x' * 40}'… (41 characters)")],
        *[(None, "null"), (True, "true"), (False, "false"), (7, "7"), (-7, "-7"), (1.5, "1.5")],
        *[(10**40 - 1, "9" * 40), (1 - 10**40, f"-{'9' * 40}"), (10**40, "a very long number")],
        pytest.param(-(10**9999), "a very long number", id="too long to be written"),
        *[([1], "an array"), ({}, "an object")],
    ],
)
def test_a_value_is_quoted_escaped_and_shortened(value: object, text: str) -> None:
    assert quoted(value) == text


def test_equal_data_have_the_same_canonical_json_and_digest() -> None:
    one = {"b": [1, {"d": None, "c": "余"}], "a": "\ud800"}
    other = {"a": "\ud800", "b": [1, {"c": "余", "d": None}]}
    text = r'{"a":"\ud800","b":[1,{"c":"\u4f59","d":null}]}'
    assert canonical_json(one) == canonical_json(other) == text
    assert digest(one) == digest(other) == sha256(text.encode()).hexdigest()
    assert len({digest(value) for value in (1, 1.0, True, "1", [1])}) == 5


@pytest.mark.parametrize(
    ("value", "redacted"),
    [
        *[("nothing", "nothing"), ("", ""), ("the secret is secret", f"the {REDACTED} is {REDACTED}")],
        *[("secret-new", REDACTED), ("a secret-new b secret", f"a {REDACTED} b {REDACTED}")],
        (["secret", {"secret": ["a secret"]}], [REDACTED, {REDACTED: [f"a {REDACTED}"]}]),
        ({"a secret": None, "b": True}, {f"a {REDACTED}": None, "b": True}),
        *[(31415926, REDACTED), (-131415926.5, REDACTED), (3.1415926, 3.1415926), (None, None), (True, True)],
    ],
)
def test_a_secret_is_redacted_in_texts_names_and_numbers_at_any_depth(
    value: object, redacted: object
) -> None:
    assert repr(redact(value, ("secret-new", "31415926", "secret"))) == repr(redacted)


def test_what_is_left_around_a_marker_never_makes_up_another_secret() -> None:
    secrets = ("x[redacted]y", "abcdef")
    assert redact("xabcdefy", secrets) == REDACTED
    assert redact("xabcdefz", secrets) == f"x{REDACTED}z"


def test_the_longest_of_all_secrets_is_looked_for_first() -> None:
    parser = CallbackParser(
        [Credentials(USER_NAME, ["z-secret", "secret"]), Credentials("Two@skypay", "a-z-secret-new")]
    )
    for fields in ({"note": "secret z-secret a-z-secret-new"}, {"payType": 7, "note": "a-z-secret-new"}):
        result = outcome(parser, body(authentication="secret", **fields))
        shown = repr(getattr(result, "payload", result))
        assert "[redacted]" in shown
        assert "new" not in shown
        assert "z-" not in shown


def test_secrets_of_one_length_are_redacted_in_alphabetical_order_whatever_order_a_set_has() -> None:
    parts = [letter * 5 for letter in "ABCDEFGHIJKL"]
    secrets = [f"{one}-{other}" for one, other in pairwise(parts)]
    parser = CallbackParser(Credentials(USER_NAME, secrets[::-1]))
    result = outcome(parser, body(authentication=secrets[3], failDescription="-".join(parts)))
    assert getattr(result, "fail_description", None) == "-".join(["[redacted]"] * 6)


def test_what_is_redacted_is_a_copy() -> None:
    value: dict[str, list[object]] = {"a": ["secret", []]}
    copy = redact(value, ("secret",))
    assert (copy, value) == ({"a": [REDACTED, []]}, {"a": ["secret", []]})
    assert copy["a"][1] is not value["a"][1]


def test_a_text_contains_a_secret_if_one_of_them_is_in_it() -> None:
    assert [contains(text, ("old", "new")) for text in ("a new secret", "a secret", "")] == [
        True,
        False,
        False,
    ]


SECRET = "a/secret-30AC21B2"
PARSER = CallbackParser(
    [Credentials(USER_NAME, [SECRET, "an old one"]), Credentials("Two@skypay", ["1000", "1e+16"])]
)
SPELLINGS = {
    "as it is": SECRET,
    "with one character escaped": SECRET.replace("3", "\\u0033"),
    "with a slash escaped": SECRET.replace("/", "\\/"),
    "wholly escaped": "".join(f"\\u{ord(character):04x}" for character in SECRET),
    "the older one, escaped": "an\\u0020old one",
    "that of another account": "1000",
}
PLACES = {
    "a known field": '"failDescription":"no, {} it is"',
    "an unknown field": '"note":"{}"',
    "the name of a field": '"{}":"x"',
    "an array": '"notes":["x",["{}!"]]',
    "an object in it": '"notes":{{"{}":1}}',
}


@pytest.mark.parametrize("status", [4, 7])
@pytest.mark.parametrize("sent", [SECRET, SPELLINGS["wholly escaped"]], ids=["plain", "escaped"])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_repeated_secret_is_redacted_however_it_is_spelled(
    spelling: str, place: str, sent: str, status: int
) -> None:
    text = body(payType=status, authentication="%").decode().replace('"%"', f'"{sent}"')
    result = outcome(PARSER, f"{text[:-1]},{place.format(spelling)}}}")
    kept = result.payload if isinstance(result, InvalidCallbackError) else result.to_dict()  # type: ignore[union-attr]
    assert (status == 7) is isinstance(result, InvalidCallbackError)
    shown = f"{result!r} {json.dumps(kept)}"
    assert REDACTED in shown
    assert not any(secret in shown for secret in (SECRET, "an old one", "1000"))


@pytest.mark.parametrize("number", ["1000", "1e3", "10E2", "1000.0", "-51000", "10000000000000000.0"])
@pytest.mark.parametrize(("status", "name"), [(1, "x"), (7, "x"), (1, "dealTime")])
def test_a_secret_that_a_number_spells_is_redacted(number: str, status: int, name: str) -> None:
    sent = body(status, authentication="an old one", **{name: "%", "m": 2.5})  # type: ignore[arg-type]
    result = outcome(PARSER, sent.replace(b'"%"', number.encode()))
    kept = result.payload if isinstance(result, InvalidCallbackError) else result.extra  # type: ignore[union-attr]
    assert (kept[name], kept["m"]) == (REDACTED, 2.5)


@pytest.mark.parametrize("start", range(0, 40, 8))
def test_no_part_of_a_secret_stays_where_a_message_is_shortened(start: int) -> None:
    error = outcome(PARSER, body(authentication=SECRET, dealTime="x" * start + SECRET))
    assert isinstance(error, InvalidCallbackError)
    assert [one.message for one in error.errors] == [
        "expected what the specification says, got a value that repeats a secret and is not shown"
    ]
