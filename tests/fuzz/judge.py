"""What must hold for any bytes at all: the two functions that the fuzzer calls, and the tests too."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))

from shown import check_error
from skypay_payout import (
    CallbackError,
    CallbackParser,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    PayoutCallback,
    usual,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import (
    AUTHENTICATION,
    CREDENTIALS,
    ENCRYPTION_KEY,
    LIVES,
    SAMPLE,
    USER_NAME,
    bad_bodies,
    payload,
    written,
)

OLD, NEW = BodyCipher("an old key"), BodyCipher(ENCRYPTION_KEY)
PLAIN = CallbackParser(CREDENTIALS)
ROOMY = CallbackParser(CREDENTIALS, max_body_size=2**24)
SEALED = CallbackParser(CREDENTIALS, cipher=[OLD, NEW])
PROVED = (
    f'{{"userName":"{USER_NAME}","action":"payoutQueuePayout","authentication":"{AUTHENTICATION}",'
).encode()
"""The beginning of a body whose sender is proved, so that the fuzzer need not guess the secret."""

Outcome: TypeAlias = PayoutCallback | CallbackError


def plain(data: bytes) -> None:
    """The bytes as a plain body, and as the members of a callback of the right account."""
    for text in (data, PROVED + data + b"}"):
        _judged(text)


def encrypted(data: bytes) -> None:
    """The bytes as an encrypted body, and as what was encrypted under the old and the new key."""
    _checked(_outcome(SEALED, data))
    for text in (data, PROVED + data + b"}"):
        expected = _judged(text)
        for key_index, cipher in ((-2, OLD), (-1, NEW)):
            sealed = cipher.encrypt(text)
            if len(sealed) > SEALED.max_body_size:
                continue
            opened = _outcome(SEALED, sealed)
            if isinstance(expected, MalformedBodyError) and expected.code is not ErrorCode.MEMBER_TWICE:
                assert isinstance(opened, DecryptionError)
                assert (opened.__context__, opened.__cause__) == (None, None)
            else:
                assert _said(opened) == _said(expected)
            if isinstance(opened, PayoutCallback | InvalidCallbackError):
                assert opened.key_index == key_index
                assert json.loads(cipher.decrypt(SEALED.reply(opened)))["responseCode"] == "1000"


def _judged(text: bytes) -> Outcome:
    outcome = _checked(_outcome(PLAIN, text))
    try:
        same = _outcome(PLAIN, text.decode())
    except UnicodeDecodeError:
        assert isinstance(outcome, MalformedBodyError)
        assert outcome.code in (ErrorCode.NOT_UTF8, ErrorCode.TOO_LARGE)
    else:
        assert _said(same) == _said(outcome)
    if usual.recognise(text.decode(errors="replace")):  # none that is no UTF-8 is left out
        with patch.object(usual, "recognise", return_value=None):
            assert _said(_outcome(PLAIN, text)) == _said(outcome)
    if isinstance(outcome, PayoutCallback):
        assert _outcome(ROOMY, _wire(outcome)) == outcome
    return outcome


def _outcome(parser: CallbackParser, data: bytes | str) -> Outcome:
    try:
        return parser.parse(data)
    except CallbackError as error:
        return error


def _checked(outcome: Outcome) -> Outcome:
    if isinstance(outcome, CallbackError):
        check_error(outcome)
    # Less than test_properties.py looks at, and a hundred times as quick.
    assert AUTHENTICATION not in f"{outcome} {outcome!r}"
    assert AUTHENTICATION.encode() not in pickle.dumps(outcome)
    return outcome


def _said(outcome: Outcome) -> object:
    if isinstance(outcome, PayoutCallback):
        return outcome
    if isinstance(outcome, InvalidCallbackError):
        return outcome.errors, outcome.payload
    return type(outcome), str(outcome)


def _wire(callback: PayoutCallback) -> bytes:
    members: dict[str, object] = {
        "controlNumber": callback.control_number,
        "dealTime": callback.deal_time.isoformat(),
        "failDescription": callback.fail_description,
        "referenceNumber": callback.reference_number,
    }
    return written(payload(callback.pay_type) | members | dict(callback.extra))


def seeds(name: str) -> Iterator[bytes]:
    """Bodies of every kind to start from."""
    common = b'"controlNumber":"SK99123456789"'
    members = [
        common + b',"payType":%d,"dealTime":"%s"' % (status, time)
        for status in range(1, 7)
        for time in (b"2018-08-07 11:58:33", b"2018-08-07T11:58:33.123Z", b"9998-12-31 23:59:59,5+23:59")
    ]
    texts = [SAMPLE, *members, *(one for life in LIVES for one in life.bodies())]
    yield from texts
    yield from (bad.body for bad in bad_bodies(PLAIN))
    if name == "encrypted":
        yield from (NEW.encrypt(text) for text in texts)
        yield from (bad.body for bad in bad_bodies(SEALED))


JUDGES = {"plain": plain, "encrypted": encrypted}
