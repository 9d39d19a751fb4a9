"""``receive``: the decision as data, and the response to it."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, assert_never

import pytest
from attrs import asdict
from attrs.exceptions import FrozenInstanceError

from skypay_payout import (
    Accepted,
    AuthenticationError,
    CallbackError,
    CallbackParser,
    Credentials,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayType,
    Quarantined,
    Rejected,
    Response,
    acknowledge,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    CREDENTIALS,
    ENCRYPTION_KEY,
    SAMPLE,
    USER_NAME,
    Encrypter,
    body,
    rejection_cases,
)
from tests.support.callbacks import PARSER

AT = datetime(2018, 6, 18, 9, 52, 10, 521100, tzinfo=UTC)
OLD, NEW = BodyCipher("old key"), BodyCipher("new key")
ROTATING = CallbackParser(
    Credentials(USER_NAME, ["old-secret", "new-secret"]), cipher=BodyCipher(["old key", "new key"])
)
ACKNOWLEDGED = Response(200, acknowledge(AT).to_json(), "text/plain")
ENCRYPTED = CallbackParser(CREDENTIALS, cipher=BodyCipher(ENCRYPTION_KEY))


def kind(result: Accepted | Quarantined | Rejected) -> str:
    match result:
        case Accepted(callback):
            return f"accepted {callback.control_number}"
        case Quarantined(error):
            return f"quarantined {error.control_number}"
        case Rejected(error):
            return f"rejected {error.code}"
        case _:
            assert_never(result)


def test_the_three_results_match_by_position() -> None:
    assert kind(PARSER.receive(SAMPLE)) == "accepted SK99123456789"
    assert kind(PARSER.receive(body(7))) == "quarantined SK99123456789"
    assert kind(PARSER.receive(b"")) == "rejected not_json"
    assert Accepted.__match_args__ == ("callback",)
    assert Quarantined.__match_args__ == Rejected.__match_args__ == ("error",)


@pytest.mark.parametrize("status", PayType)
def test_an_accepted_callback_is_acknowledged_whatever_its_status(status: PayType) -> None:
    result = PARSER.receive(body(status))
    assert isinstance(result, Accepted)
    assert result.callback.pay_type is status
    assert result.respond(AT) == ACKNOWLEDGED


@pytest.mark.parametrize("parser", [PARSER, ENCRYPTED], ids=["plain", "encrypted"])
def test_every_rejection_case_gets_its_response(parser: CallbackParser) -> None:
    for case in rejection_cases(parser):
        result = parser.receive(case.body)
        assert not isinstance(result, Accepted), case
        assert (type(result.error), result.error.code) == (case.error, case.code), case
        response = result.respond(AT)
        assert response.content_type == "text/plain"
        if isinstance(result, Quarantined):
            acknowledged = response.body if parser.cipher is None else parser.cipher.decrypt(response.body)
            assert (response.status, acknowledged) == (200, ACKNOWLEDGED.body), case
            assert [(error.field, error.code) for error in result.error.errors] == list(case.field_errors)
        else:
            expected = {ErrorCode.AUTHENTICATION_FAILED: 403, ErrorCode.TOO_LARGE: 413}.get(case.code, 400)
            assert (response.status, response.body) == (expected, b""), case


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AuthenticationError(), 403),
        (MalformedBodyError(ErrorCode.TOO_LARGE, ""), 413),
        *(
            (MalformedBodyError(code, ""), 400)
            for code in (
                ErrorCode.TOO_COMPLEX,
                ErrorCode.NOT_UTF8,
                ErrorCode.NOT_JSON,
                ErrorCode.NOT_AN_OBJECT,
                ErrorCode.DUPLICATE_FIELD,
            )
        ),
        (DecryptionError(), 400),
    ],
)
def test_a_rejected_body_gets_an_empty_response_and_the_status_of_its_error(
    error: CallbackError, status: int
) -> None:
    for at in (None, AT, datetime(2018, 6, 18)):
        assert Rejected(error).respond(at) == Response(status, b"", "text/plain")


@pytest.mark.parametrize("sent", [SAMPLE, body(7)], ids=["accepted", "quarantined"])
def test_without_a_time_the_response_is_of_the_moment_of_respond(sent: bytes) -> None:
    result = PARSER.receive(sent)
    before = datetime.now(UTC)
    time = json.loads(result.respond().body)["responseTime"]
    at = datetime.fromisoformat(f"{time}+08:00")
    assert before.replace(microsecond=before.microsecond // 100 * 100) <= at <= datetime.now(UTC)
    with pytest.raises(ValueError, match="naive"):
        result.respond(datetime(2018, 6, 18))
    with pytest.raises(TypeError, match="str"):
        result.respond("2018-06-18")  # type: ignore[arg-type]


@pytest.mark.parametrize(("cipher", "other", "newest"), [(OLD, NEW, False), (NEW, OLD, True)])
@pytest.mark.parametrize("secret", ["old-secret", "new-secret"])
@pytest.mark.parametrize("status", [1, 7])
def test_the_response_is_encrypted_with_the_key_that_decrypted_the_callback(
    cipher: BodyCipher, other: BodyCipher, newest: bool, secret: str, status: int
) -> None:
    result = ROTATING.receive(body(status, authentication=secret, cipher=cipher))
    assert isinstance(result, Accepted if status == 1 else Quarantined)
    assert (result.used_newest_key, result.used_newest_secret) == (newest, secret == "new-secret")
    response = result.respond(AT)
    assert cipher.decrypt(response.body) == ACKNOWLEDGED.body
    with pytest.raises(DecryptionError):
        other.decrypt(response.body)


def test_without_rotation_key_and_secret_are_the_newest() -> None:
    for parser, sent in ((PARSER, SAMPLE), (ENCRYPTED, body(cipher=BodyCipher(ENCRYPTION_KEY)))):
        result = parser.receive(sent)
        assert isinstance(result, Accepted)
        assert (result.used_newest_key, result.used_newest_secret) == (True, True)


def test_the_newest_secret_is_the_one_of_the_account_that_sent() -> None:
    parser = CallbackParser([Credentials("One@skypay", ["a", "b"]), Credentials("Two@skypay", ["b", "a"])])
    for user_name, secret, newest in (("One@skypay", "a", False), ("Two@skypay", "a", True)):
        result = parser.receive(body(userName=user_name, authentication=secret))
        assert isinstance(result, Accepted)
        assert result.used_newest_secret is newest


@pytest.mark.parametrize("status", [1, 7])
def test_repr_equality_and_match_show_nothing_of_a_key(status: int) -> None:
    sent = body(status, authentication="new-secret")
    with_key = ROTATING.receive(NEW.encrypt(sent))
    plain = CallbackParser(ROTATING.credentials).receive(sent)
    assert "encrypter" not in repr(with_key)
    assert repr(with_key) == repr(plain)
    if isinstance(with_key, Accepted):
        assert with_key == plain
        assert hash(with_key) == hash(plain)


@pytest.mark.parametrize("status", [1, 7])
def test_no_way_of_taking_a_result_apart_shows_a_key(status: int) -> None:
    (key,) = BodyCipher("new key")._keys
    result = ROTATING.receive(body(status, authentication="new-secret", cipher=NEW))
    assert not isinstance(result, Rejected)
    shown = repr(asdict(result)) + repr(asdict(result, recurse=False))
    assert repr(key.aes) not in shown
    assert repr(key.aes)[2:-1] not in shown


@pytest.mark.parametrize(
    "move",
    [
        copy.copy,
        copy.deepcopy,
        *(lambda one, n=n: pickle.dumps(one, n) for n in range(pickle.HIGHEST_PROTOCOL + 1)),
    ],
)
@pytest.mark.parametrize("sent", [SAMPLE, body(7), b""], ids=["accepted", "quarantined", "rejected"])
def test_a_result_is_answered_where_it_was_received(move: Callable[[Any], Any], sent: bytes) -> None:
    result = PARSER.receive(sent)
    with pytest.raises(TypeError, match=f"^a {type(result).__name__} cannot be pickled or copied") as caught:
        move(result)
    assert str(caught.value).endswith(
        "since it may hold what encrypts its response: respond where the body was received, and queue "
        "callback.to_dict()"
    )


def test_results_and_responses_are_frozen() -> None:
    result: Any = PARSER.receive(SAMPLE)
    for one, name in ((result, "callback"), (result, "used_newest_key"), (result.respond(), "status")):
        with pytest.raises(FrozenInstanceError):
            setattr(one, name, None)


def test_what_encrypts_a_body_is_described_by_a_protocol() -> None:
    assert isinstance(OLD, Encrypter)
    assert not isinstance(InvalidCallbackError((), {}), Encrypter)
