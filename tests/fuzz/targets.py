"""What must hold for any bytes at all: the two functions that the fuzzer calls, and the tests too."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterator

from skypay_payout import (
    CallbackParser,
    Credentials,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
    PayoutHistory,
    Rejected,
)
from skypay_payout._errors import CallbackError
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AUTHENTICATION,
    CREDENTIALS,
    ENCRYPTION_KEY,
    SAMPLE,
    SCENARIOS,
    USER_NAME,
    bad_bodies,
    encode,
)
from tests.support.callbacks import Outcome, comparable, outcome
from tests.support.exposure import check_error

OLD, NEW = BodyCipher("an old key"), BodyCipher(ENCRYPTION_KEY)
PLAIN = CallbackParser(CREDENTIALS)
OWN = CallbackParser(Credentials(USER_NAME, AUTHENTICATION, prefixes="SK991"))
LARGE = CallbackParser(CREDENTIALS, max_body_size=2**24)
ENCRYPTED = CallbackParser(CREDENTIALS, cipher=BodyCipher(["an old key", ENCRYPTION_KEY]))
AUTHENTICATED = (
    f'{{"userName":"{USER_NAME}","action":"payoutQueuePayout","authentication":"{AUTHENTICATION}",'
).encode()
"""The beginning of a body whose sender is authenticated, so that the fuzzer need not guess the secret."""
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8})")


def plain(data: bytes) -> None:
    """Check the bytes as a plain body, and as the fields of a callback of the right account."""
    for text in (data, AUTHENTICATED + data + b"}"):
        _check_plain(text)


def encrypted(data: bytes) -> None:
    """Check the bytes as an encrypted body, and encrypted with the old and with the new key."""
    _check(outcome(ENCRYPTED, data))
    for text in (data, AUTHENTICATED + data + b"}"):
        expected = _check_plain(text)
        for cipher in (OLD, NEW):
            body = cipher.encrypt(text)
            if len(body) <= ENCRYPTED.max_body_size:
                _check_encrypted(body, cipher, expected)


def _check_encrypted(body: bytes, cipher: BodyCipher, expected: Outcome) -> None:
    decrypted = _check(outcome(ENCRYPTED, body))
    if comparable(decrypted) != comparable(expected):
        # A wrong key can yield valid padding too, and then noise that is wrong in a way of its own.
        assert isinstance(expected, MalformedBodyError)
        assert isinstance(decrypted, MalformedBodyError)
    result = ENCRYPTED.receive(body)
    if not isinstance(result, Rejected):
        assert result.used_newest_key is (cipher is NEW)
        assert json.loads(cipher.decrypt(result.respond().body))["responseCode"] == "1000"


def _check_plain(text: bytes) -> Outcome:
    result = _check(outcome(PLAIN, text))
    own = _check(outcome(OWN, text))
    if not (isinstance(own, InvalidCallbackError) and "unexpected_prefix" in str(own.errors)):
        assert comparable(own) == comparable(result)
    try:
        same = outcome(PLAIN, text.decode())
    except UnicodeDecodeError:
        assert isinstance(result, MalformedBodyError)
        assert result.code in (ErrorCode.NOT_UTF8, ErrorCode.TOO_LARGE)
    else:
        assert comparable(same) == comparable(result)
    if isinstance(result, PayoutCallback):
        data = result.to_dict()
        assert repr(PayoutCallback.from_dict(json.loads(json.dumps(data)))) == repr(result)
        again = json.dumps(data | {"authentication": AUTHENTICATION}).encode()
        assert repr(outcome(LARGE, again)) == repr(result)
        assert repr(PLAIN.revalidate(data)) == repr(result)
        history = PayoutHistory([result, PayoutCallback.from_dict(data)])
        assert [event.digest for event in history.events] == [result.digest]
    elif isinstance(result, InvalidCallbackError):
        _check_revalidation(result)
    return result


def _check_revalidation(error: InvalidCallbackError) -> None:
    again = _revalidated(json.loads(json.dumps(error.payload)))
    assert [one.field for one in again.errors] == [one.field for one in error.errors]
    if "[redacted]" not in str(error.payload):  # what is redacted can be shorter, which has another code
        assert again.errors == error.errors
    assert again.payload == error.payload
    assert again.digest == error.digest


def _revalidated(payload: dict[str, object]) -> InvalidCallbackError:
    try:
        PLAIN.revalidate(payload)
    except InvalidCallbackError as error:
        return error
    raise AssertionError("revalidate accepted what parse did not")


def _check(result: Outcome) -> Outcome:
    if isinstance(result, CallbackError):
        check_error(result)
    # Less than the property tests look at, and a hundred times as fast. An escape that repr writes for one
    # character can end as the secret begins: whoever sends the rest of the secret then sends part of it only.
    assert AUTHENTICATION not in _ESCAPE.sub("?", f"{result} {result!r}")
    assert AUTHENTICATION.encode() not in pickle.dumps(result)
    return result


def seeds(name: str) -> Iterator[bytes]:
    """Yield bodies of every kind to start from."""
    common = b'"controlNumber":"SK99123456789"'
    fields = [
        common + b',"payType":%d,"dealTime":"%s"' % (status, time)
        for status in range(1, 8)
        for time in (b"2018-08-07 11:58:33", b"2018-08-07T11:58:33.123Z", b"9998-12-31 23:59:59,5+23:59")
    ]
    numbers: dict[str, object] = {"x": [0, -1, 0.5, 1e300, 10**30], "half \ud800": None}
    texts = [SAMPLE, *fields, encode(numbers), *(one for scenario in SCENARIOS for one in scenario.bodies())]
    yield from texts
    yield from (bad.body for bad in bad_bodies(PLAIN))
    if name == "encrypted":
        yield from (NEW.encrypt(text) for text in texts)
        yield from (bad.body for bad in bad_bodies(ENCRYPTED))


TARGETS = {"plain": plain, "encrypted": encrypted}
