"""``receive``: the decision as data, and the response to it."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, assert_never, get_args

import pytest
from attrs import asdict, evolve
from attrs.exceptions import FrozenInstanceError

from skypay_payout import (
    Accepted,
    AuthenticationError,
    CallbackError,
    Credentials,
    DecryptionError,
    ErrorCode,
    MalformedBodyError,
    Quarantined,
    Rejected,
    Response,
    Result,
    acknowledge,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import SAMPLE, USER_NAME, body
from tests.support.callbacks import NEW, OLD, PARSER, ROTATING

AT = datetime(2018, 6, 18, 9, 52, 10, 521100, tzinfo=UTC)
SECRETS = evolve(ROTATING, credentials=Credentials(USER_NAME, ["old-secret", "new-secret"]))
ACKNOWLEDGED = Response(200, acknowledge(AT).to_json(), "text/plain")


def kind(result: Result) -> str:
    match result:
        case Accepted(callback):
            return f"accepted {callback.control_number}"
        case Quarantined(error):
            return f"quarantined {error.control_number}"
        case Rejected(error):
            return f"rejected {error.code}"
        case _:
            assert_never(result)


def test_there_are_three_results_and_they_match_by_position() -> None:
    assert get_args(Result) == (Accepted, Quarantined, Rejected)
    assert kind(PARSER.receive(SAMPLE)) == "accepted SK99123456789"
    assert kind(PARSER.receive(body(7))) == "quarantined SK99123456789"
    assert kind(PARSER.receive(b"")) == "rejected empty_body"
    assert Accepted.__match_args__ == ("callback",)
    assert Quarantined.__match_args__ == Rejected.__match_args__ == ("error",)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AuthenticationError(), 403),
        (DecryptionError(ErrorCode.DECRYPTION_FAILED, ""), 400),
        *(
            (MalformedBodyError(code, ""), 413 if code is ErrorCode.TOO_LARGE else 400)
            for code in [*ErrorCode][: [*ErrorCode].index(ErrorCode.DECRYPTION_FAILED)]
        ),
    ],
    ids=lambda value: getattr(value, "code", value),
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
    result = SECRETS.receive(body(status, authentication=secret, cipher=cipher))
    assert isinstance(result, Accepted if status == 1 else Quarantined)
    assert (result.used_newest_key, result.used_newest_secret) == (newest, secret == "new-secret")
    response = result.respond(AT)
    assert cipher.decrypt(response.body) == ACKNOWLEDGED.body
    with pytest.raises(MalformedBodyError):
        other.decrypt(response.body)


@pytest.mark.parametrize(
    ("user_name", "secret", "newest"),
    [
        *[("One@skypay", "a", False), ("One@skypay", "b", True), ("Two@skypay", "b", False)],
        *[("Two@skypay", "a", True), ("Three@skypay", "a", True)],
    ],
)
@pytest.mark.parametrize("status", [1, 7])
def test_the_newest_secret_is_the_one_of_the_account_that_sent(
    user_name: str, secret: str, newest: bool, status: int
) -> None:
    accounts = [Credentials("One@skypay", ["a", "b"]), Credentials("Two@skypay", ["b", "a"])]
    sent = body(status, userName=user_name, authentication=secret)
    for parser, text in ((PARSER, sent), (evolve(PARSER, cipher=NEW), NEW.encrypt(sent))):
        result = evolve(parser, credentials=[*accounts, Credentials("Three@skypay", "a")]).receive(text)
        assert not isinstance(result, Rejected)
        assert (result.used_newest_key, result.used_newest_secret) == (True, newest)


@pytest.mark.parametrize("status", [1, 7])
def test_nothing_of_a_result_shows_a_key(status: int) -> None:
    sent = body(status, authentication="new-secret")
    with_key, plain = SECRETS.receive(NEW.encrypt(sent)), evolve(SECRETS, cipher=None).receive(sent)
    assert not isinstance(with_key, Rejected)
    assert repr(with_key) == repr(plain)
    shown = repr(asdict(with_key)) + repr(asdict(with_key, recurse=False)) + repr(with_key.respond())
    assert repr(NEW.keys[0].aes)[2:-1] not in shown
    if isinstance(with_key, Accepted):
        assert with_key == plain
        assert hash(with_key) == hash(plain)


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
    with pytest.raises(TypeError) as caught:
        move(result)
    assert str(caught.value) == (
        f"a {type(result).__name__} cannot be pickled or copied, since it may hold a key: respond where the "
        "body was received, and queue callback.to_dict()"
    )


def test_results_and_responses_are_frozen() -> None:
    result: Any = PARSER.receive(SAMPLE)
    for one, name in ((result, "callback"), (result, "used_newest_key"), (result.respond(), "status")):
        with pytest.raises(FrozenInstanceError):
            setattr(one, name, None)
