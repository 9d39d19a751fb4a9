"""Secrets taken out of what a sender repeats them in."""

from __future__ import annotations

import pytest

from skypay_payout._redaction import REDACTED, contains, longest_first, redact


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
