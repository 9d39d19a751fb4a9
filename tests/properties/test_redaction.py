"""No secret and no key shows anywhere, wherever a sender repeats it."""

from __future__ import annotations

import json
import pickle

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from skypay_payout import CallbackParser, Credentials, InvalidCallbackError, PayoutCallback, PayType
from tests.properties.generated import (
    CIPHER,
    GOOD,
    MARK,
    USER_NAME,
    Json,
    accepted,
    characters,
    checked,
    names,
    texts,
    values,
    values_of,
    written,
)
from tests.support.callbacks import outcome
from tests.support.exposure import exposed, exposed_by_result

secrets = st.text(characters, max_size=48).map(lambda text: f"{MARK}{text}{MARK}")
"""Any text that begins and ends with the mark, so that a part of it shows as well as the whole."""


def around(secret: str) -> st.SearchStrategy[str]:
    return st.tuples(texts, st.sampled_from([secret, secret * 2]), texts).map("".join)


@st.composite
def revealing(draw: st.DrawFn, secret: str) -> dict[str, Json]:
    """Draw an authenticated callback that repeats the secret wherever a sender could put it."""
    strings = around(secret)
    revealed: st.SearchStrategy[Json] = strings | values_of(texts | strings)
    fields: dict[str, Json] = GOOD | draw(st.dictionaries(names, revealed, max_size=3))
    fields |= draw(st.dictionaries(strings, revealed, max_size=3))
    return fields | {"userName": USER_NAME, "authentication": secret}


@given(st.data(), st.lists(secrets, min_size=1, max_size=3), st.booleans())
def test_no_secret_shows_wherever_the_sender_repeats_it(
    data: st.DataObject, known: list[str], ascii_only: bool
) -> None:
    plain = CallbackParser(Credentials(USER_NAME, known))
    body = written(data.draw(revealing(data.draw(st.sampled_from(known)))), ascii_only=ascii_only)
    end = data.draw(st.integers(0, len(body)))
    for parser, encrypt in (
        (plain, bytes),
        (evolve(plain, cipher=CIPHER, max_body_size=2**18), CIPHER.encrypt),
    ):
        result = checked(parser, encrypt(body))
        assert isinstance(result, PayoutCallback | InvalidCallbackError)
        checked(parser, encrypt(body[:end]))
        checked(parser, encrypt(body[:end] + body[-1:]))
        checked(parser, encrypt(body + body))
        assert MARK not in repr(parser) + repr(plain.credentials) + str(parser) + repr(CIPHER)


@given(st.data(), secrets)
def test_every_character_of_the_secret_may_be_escaped_on_the_wire(data: st.DataObject, secret: str) -> None:
    units = secret.encode("utf-16-be").hex()
    escaped = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    name = data.draw(names | st.just("unknown"))
    text = written(GOOD | {"authentication": "%", name: "%"} | {"userName": USER_NAME}).decode()
    result = checked(CallbackParser(Credentials(USER_NAME, secret)), text.replace('"%"', f'"{escaped}"'))
    assert isinstance(result, PayoutCallback | InvalidCallbackError)


@given(st.from_regex("[1-9][0-9]{11,49}", fullmatch=True), names, values)
def test_a_secret_of_digits_is_redacted_in_numbers_too(secret: str, name: str, value: Json) -> None:
    parser = CallbackParser(Credentials(USER_NAME, secret))
    number = int(secret)
    for fields in ({name: number}, {"unknown": [number, {"deep": -number}, value]}, {"x": number * 10}):
        sent = GOOD | fields | {"userName": USER_NAME, "authentication": secret}
        result = outcome(parser, written(sent))
        assert isinstance(result, PayoutCallback | InvalidCallbackError)
        assert secret not in exposed(result)


ORDINARY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)


@given(ORDINARY)
def test_any_secret_authenticates_and_the_known_fields_keep_their_values(secret: str) -> None:
    fields = GOOD | {"authentication": secret, "failDescription": None, "referenceNumber": ""}
    callback = accepted(CallbackParser(Credentials(USER_NAME, secret)), written(fields))
    assert (callback.control_number, callback.pay_type) == ("SK99123456789", PayType.FAILURE)


@given(ORDINARY, texts, texts)
@example("\\", "a", "b")
@example('"', "a", "b")
@example("aa", "a", "a")
@example("[redacted]", "a", "b")
@example("{", "a", "b")
@example(",", "a", "b")
@example("0", "a", "b")
@example("null", "a", "b")
def test_no_value_of_a_callback_contains_any_secret_whatever_its_characters(
    secret: str, before: str, behind: str
) -> None:
    parser = CallbackParser(Credentials(USER_NAME, [secret, "another-secret"]))
    repeated = {
        "failDescription": f"{before}{secret}{behind}".replace("\0", ""),
        "x": [secret, {"y": before}],
    }
    for ascii_only in (True, False):
        body = written(GOOD | repeated | {"authentication": secret}, ascii_only=ascii_only)
        callback = accepted(parser, body)
        texts = [callback.fail_description or "", *strings_of(dict(callback.extra))]
        assert all(secret == "[redacted]" or secret in "[redacted]" or secret not in text for text in texts)


def strings_of(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in strings_of(part)]
    if isinstance(value, list):
        return [text for item in value for text in strings_of(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    "secret", [*GOOD, "a", "e", "pay", "Type", "1", "SK99123456789", "payoutQueuePayout", USER_NAME]
)
def test_a_secret_that_is_a_word_of_the_specification_authenticates(secret: str) -> None:
    parser = CallbackParser(Credentials(USER_NAME, secret))
    callback = accepted(parser, written(GOOD | {"authentication": secret}))
    assert (callback.user_name, callback.control_number, callback.pay_type) == (
        USER_NAME,
        "SK99123456789",
        PayType.FAILURE,
    )
    error = outcome(parser, written(GOOD | {"authentication": secret, "payType": 7}))
    assert isinstance(error, InvalidCallbackError)
    assert set(GOOD) - {"authentication"} == set(error.payload)


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("30AC21B2-9EAA-4503-B0F0-7BE5C277ED75", "\udca30AC21B2-9EAA-4503-B0F0-7BE5C277ED75"),
        ("b-secret", "\x1b-secret"),
        ("n-secret", "\n-secret"),
        ("u200b", "\u200b"),
        ("x00-secret", "\0-secret"),
    ],
)
@pytest.mark.parametrize(
    "name", ["referenceNumber", "failDescription", "dealTime", "controlNumber", "action"]
)
def test_a_secret_that_escaping_puts_together_is_in_no_message(secret: str, text: str, name: str) -> None:
    parser = CallbackParser(Credentials(USER_NAME, secret))
    result = outcome(parser, written({**GOOD, "authentication": secret, name: text}))
    if isinstance(result, InvalidCallbackError):
        assert secret not in f"{result} {[one.message for one in result.errors]}"
        (error,) = result.errors
        assert error.field == name


@pytest.mark.parametrize("length", range(41, 51))
def test_no_part_of_a_secret_stays_where_a_message_is_shortened(length: int) -> None:
    secret = f"{MARK * 10}{'s' * (length - 10)}"
    for start in range(0, 45, 5):
        fields = GOOD | {"authentication": secret, "dealTime": "x" * start + secret}
        checked(CallbackParser(Credentials(USER_NAME, secret)), written(fields))


@given(values)
def test_nothing_of_a_key_shows_in_what_comes_of_an_encrypted_body(value: Json) -> None:
    parser = evolve(CallbackParser(Credentials(USER_NAME, "secret")), cipher=CIPHER, max_body_size=2**18)
    aes = [key.aes for key in CIPHER.keys]
    for status in (1, 7):
        body = CIPHER.encrypt(written(GOOD | {"authentication": "secret", "payType": status, "x": value}))
        text = exposed_by_result(parser.receive(body))
        assert not any(repr(key)[2:-1] in text for key in aes)
        result = outcome(parser, body)
        assert not any(key in pickle.dumps(result) for key in aes)
        assert "secret" not in json.dumps(getattr(result, "payload", None))
