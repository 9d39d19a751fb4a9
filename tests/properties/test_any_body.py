"""Any body at all is accepted, quarantined or rejected, and nothing that comes of it shows a secret."""

from __future__ import annotations

import json

from hypothesis import assume, example, given
from hypothesis import strategies as st

from skypay_payout import (
    Accepted,
    AuthenticationError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
    Quarantined,
)
from skypay_payout._json import MAX_DEPTH
from skypay_payout.encryption import BodyCipher
from tests.properties.generated import (
    CIPHER,
    ENCRYPTED,
    GOOD,
    MARK,
    PLAIN,
    SECRET,
    USER_NAME,
    Json,
    checked,
    halves,
    names,
    storable,
    texts,
    values,
    written,
)
from tests.support.callbacks import comparable


@given(st.binary())
def test_any_bytes(body: bytes) -> None:
    checked(PLAIN, body)
    error = checked(ENCRYPTED, body)
    assert isinstance(error, MalformedBodyError)
    assert error.code in (ErrorCode.EMPTY_BODY, ErrorCode.NOT_BASE64, ErrorCode.DECRYPTION_FAILED)
    assert ENCRYPTED.receive(body).respond() == ENCRYPTED.receive(b"").respond()
    checked(ENCRYPTED, CIPHER.encrypt(body))


@given(st.text())
def test_any_text(body: str) -> None:
    checked(PLAIN, body)
    assert isinstance(checked(ENCRYPTED, body), MalformedBodyError)


@given(values, st.booleans())
def test_any_json_value(value: Json, ascii_only: bool) -> None:
    body = written(value, ascii_only=ascii_only)
    for result in (checked(PLAIN, body), checked(ENCRYPTED, CIPHER.encrypt(body))):
        assert isinstance(result, MalformedBodyError | AuthenticationError)


@given(
    st.dictionaries(names, values | st.sampled_from(list(GOOD.values())[3:])),
    st.dictionaries(texts, values, max_size=4),
)
def test_any_fields_in_a_callback_of_the_right_account(
    wrong: dict[str, Json], unknown: dict[str, Json]
) -> None:
    fields = unknown | GOOD | wrong | {"userName": USER_NAME, "authentication": SECRET}
    result = checked(PLAIN, written(fields))
    assert isinstance(result, PayoutCallback | InvalidCallbackError)
    for same in (
        checked(PLAIN, written(fields, ascii_only=False).decode()),
        checked(PLAIN, memoryview(written(fields))),
        checked(ENCRYPTED, CIPHER.encrypt(written(fields))),
    ):
        assert comparable(same) == comparable(result)


@given(st.data())
def test_bytes_that_a_good_body_became_on_its_way(data: st.DataObject) -> None:
    good = written(GOOD, ascii_only=False)
    for parser, sent in ((PLAIN, good), (ENCRYPTED, CIPHER.encrypt(good))):
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(sent))] * 2)))
        checked(parser, sent[:start] + data.draw(st.binary(max_size=20)) + sent[end:])
        checked(parser, sent[:start])


keys = st.sampled_from([f"{MARK}old key", f"{MARK}new key"])


@example(b"p1D?A\xf2\xc0", f"{MARK}new key")
@given(st.binary(), keys)
def test_an_encrypted_body_has_the_outcome_of_the_plain_one(text: bytes, key: str) -> None:
    plain = checked(PLAIN, text)
    encrypted = checked(ENCRYPTED, BodyCipher(key).encrypt(text))
    if isinstance(plain, MalformedBodyError) and plain.code is ErrorCode.NOT_UTF8:
        # Once in about 250 times the other key fits its padding too, and finds no UTF-8 elsewhere.
        assert isinstance(encrypted, MalformedBodyError)
        assert encrypted.code is plain.code
    else:
        assert comparable(encrypted) == comparable(plain)


numbers = st.integers(-(10**4000), 10**4000) | st.floats(allow_nan=False, allow_infinity=False)
leaves = (
    st.none() | st.booleans() | numbers | halves | st.text('{}[]",:\\0123456789eE+-. \n\t', max_size=2000)
)
any_json: st.SearchStrategy[Json] = st.recursive(
    leaves | leaves.map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(halves, inner, max_size=4)
        | st.tuples(inner, st.integers(1, 30)).map(lambda drawn: deep(*drawn))
        | st.tuples(inner, st.integers(0, 300)).map(lambda drawn: repeated(*drawn))
    ),
    max_leaves=8,
)


def repeated(value: Json, times: int) -> Json:
    """Repeat the value in an array, if a body has room for that: arrays of arrays would fill the memory."""
    return [value] * min(times, 2**16 // len(json.dumps(value)))


def deep(value: Json, levels: int) -> Json:
    """Wrap the value in arrays and objects in turn."""
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def depth(value: object) -> int:
    if isinstance(value, dict | list):
        return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)
    return 0


def check_never_rejected(fields: dict[str, Json], ascii_only: bool, key: str) -> None:
    for status, expected in ((1, Accepted), (7, Quarantined)):
        sent = written(GOOD | fields | {"payType": status}, ascii_only=ascii_only)
        assume(len(sent) <= PLAIN.max_body_size)
        for parser, body in ((PLAIN, sent), (ENCRYPTED, BodyCipher(key).encrypt(sent))):
            result = parser.receive(body)
            assert type(result) is expected
            assert result.respond().status == 200
            kept = result.callback.to_dict() if isinstance(result, Accepted) else result.error.payload
            assert all(repr(kept[name]) == repr(value) for name, value in fields.items())


@given(any_json, keys)
def test_an_authenticated_callback_with_any_json_value_is_never_rejected(value: Json, key: str) -> None:
    assume(depth(value) < MAX_DEPTH)
    check_never_rejected({"x": value}, True, key)


@given(any_json.map(json.dumps) | st.text(storable, min_size=1, max_size=2000), st.booleans(), keys)
def test_an_authenticated_callback_with_any_text_is_never_rejected(
    text: str, ascii_only: bool, key: str
) -> None:
    check_never_rejected({"failDescription": text, f"x{text}": text}, ascii_only, key)


@given(values | texts, values | texts, values)
def test_an_unauthenticated_sender_gets_one_and_the_same_response(
    user_name: Json, secret: Json, value: Json
) -> None:
    wrong: list[dict[str, Json]] = [
        GOOD | {"userName": user_name, "authentication": secret},
        GOOD | {"authentication": secret, "payType": value},
        GOOD | {"userName": SECRET, "authentication": USER_NAME, "dealTime": value},
        {name: it for name, it in GOOD.items() if name != "authentication"} | {"action": value},
        {name: it for name, it in GOOD.items() if name != "userName"} | {"controlNumber": value},
    ]
    for fields in wrong:
        for parser, body in ((PLAIN, written(fields)), (ENCRYPTED, CIPHER.encrypt(written(fields)))):
            error = checked(parser, body)
            assert isinstance(error, AuthenticationError)
            assert (str(error), error.args) == (str(AuthenticationError()), ())
            response = parser.receive(body).respond()
            assert (response.status, response.body) == (403, b"")
