"""Any body at all is accepted, quarantined or rejected, and nothing that comes of it shows a secret."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from skypay_payout import (
    AuthenticationError,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
)
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
    names,
    texts,
    values,
    written,
)
from tests.support.callbacks import comparable


@given(st.binary())
def test_any_bytes(body: bytes) -> None:
    checked(PLAIN, body)
    assert isinstance(checked(ENCRYPTED, body), DecryptionError)
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
    good = written(GOOD, ascii_only=False).rstrip()
    for parser, sent in ((PLAIN, good), (ENCRYPTED, CIPHER.encrypt(good))):
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(sent))] * 2)))
        checked(parser, sent[:start] + data.draw(st.binary(max_size=20)) + sent[end:])
        checked(parser, sent[:start])


@given(st.binary(), st.sampled_from([f"{MARK}old key", f"{MARK}new key"]))
def test_an_encrypted_body_has_the_outcome_of_the_plain_one(text: bytes, key: str) -> None:
    plain = checked(PLAIN, text)
    encrypted = checked(ENCRYPTED, BodyCipher(key).encrypt(text))
    if isinstance(plain, MalformedBodyError) and plain.code not in (
        ErrorCode.DUPLICATE_FIELD,
        ErrorCode.TOO_COMPLEX,
    ):
        assert isinstance(encrypted, DecryptionError)
    else:
        assert comparable(encrypted) == comparable(plain)


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
