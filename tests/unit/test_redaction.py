"""Secrets taken out of what a sender repeats them in."""

from __future__ import annotations

import json

import pytest

from skypay_payout import CallbackParser, Credentials
from skypay_payout._redaction import REDACTED, contains, longest_first, redact
from skypay_payout.testing import USER_NAME, body


def test_each_secret_is_searched_for_once_and_the_longest_first() -> None:
    assert longest_first(["ab", "abc", "ab", "x"]) == ("abc", "ab", "x")


@pytest.mark.parametrize(
    ("value", "redacted"),
    [
        ("nothing", "nothing"),
        ("", ""),
        ("the secret is secret", f"the {REDACTED} is {REDACTED}"),
        ("secret-new", REDACTED),
        ("a secret-new b secret", f"a {REDACTED} b {REDACTED}"),
        (["secret", {"secret": ["a secret"]}], [REDACTED, {REDACTED: [f"a {REDACTED}"]}]),
        ({"a secret": None, "b": True}, {f"a {REDACTED}": None, "b": True}),
        (31415926, REDACTED),
        (-131415926.5, REDACTED),
        (3.1415926, 3.1415926),
        (None, None),
        (True, True),
    ],
)
def test_a_secret_is_redacted_in_texts_names_and_numbers_at_any_depth(
    value: object, redacted: object
) -> None:
    assert redact(value, longest_first(["secret", "secret-new", "31415926"])) == redacted


def test_what_is_not_a_secret_keeps_its_type() -> None:
    values: list[object] = [1, 1.0, True, None, "1"]
    assert [type(value) for value in redact(values, ("x",))] == [int, float, bool, type(None), str]


def test_what_is_left_around_a_marker_never_makes_up_another_secret() -> None:
    secrets = longest_first(["abcdef", "x[redacted]y"])
    assert redact("xabcdefy", secrets) == REDACTED
    assert redact("xabcdefz", secrets) == f"x{REDACTED}z"


def test_what_is_redacted_is_a_copy() -> None:
    inner: list[object] = ["secret"]
    value = {"a": inner}
    assert redact(value, ("secret",)) == {"a": [REDACTED]}
    assert value == {"a": ["secret"]}


def test_a_text_contains_a_secret_if_one_of_them_is_in_it() -> None:
    assert contains("a new secret", ("old", "new"))
    assert not contains("a secret", ("old", "new"))
    assert not contains("", ("old",))


SECRET = "a/secret-30AC21B2"
PARSER = CallbackParser(Credentials(USER_NAME, [SECRET, "an old one"]))
SPELLINGS = {
    "as it is": SECRET,
    "with one character escaped": SECRET.replace("3", "\\u0033"),
    "with a slash escaped": SECRET.replace("/", "\\/"),
    "wholly escaped": "".join(f"\\u{ord(character):04x}" for character in SECRET),
    "the older one, escaped": "an\\u0020old one",
}
PLACES = {
    "a known field": '"failDescription":"no, {} it is"',
    "an unknown field": '"note":"{}"',
    "the name of a field": '"{}":"x"',
    "an array": '"notes":["x",["{}!"]]',
    "an object in it": '"notes":{{"{}":1}}',
}


@pytest.mark.parametrize("sent", [SECRET, SPELLINGS["wholly escaped"]], ids=["plain", "escaped"])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_repeated_secret_is_redacted_however_it_is_spelled(spelling: str, place: str, sent: str) -> None:
    text = body(authentication="%").decode().replace('"%"', f'"{sent}"')
    callback = PARSER.parse(f"{text[:-1]},{place.format(spelling)}}}")
    shown = f"{callback!r} {json.dumps(callback.to_dict())}"
    assert REDACTED in shown
    assert SECRET not in shown
    assert "an old one" not in shown


@pytest.mark.parametrize("number", ["1000", "1e3", "10E2", "1000.0", "-51000"])
def test_a_secret_that_a_number_spells_is_redacted(number: str) -> None:
    parser = CallbackParser([Credentials(USER_NAME, "1000"), Credentials(USER_NAME, "other")])
    callback = parser.parse(body(authentication="other")[:-1] + f',"n":{number},"m":"x"}}'.encode())
    assert callback.extra == {"n": REDACTED, "m": "x"}


@pytest.mark.parametrize(
    "sent",
    [
        body(authentication=SECRET),
        body(authentication=SECRET, note="x", n=1, items=[{"a": 1.5}]),
        body(authentication=SECRET, failDescription='a\n"b"\\', note="\u20ac"),
    ],
    ids=["known fields", "unknown fields", "escapes"],
)
def test_a_body_that_repeats_no_secret_is_not_searched_field_by_field(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = CallbackParser(PARSER.credentials)
    expected = parser.parse(sent)
    monkeypatch.setattr("skypay_payout._parser.redact", None)
    assert parser.parse(sent) == expected
