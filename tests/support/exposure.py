"""Everything that an error or a callback can show to whoever logs, prints, stores or sends it on."""

from __future__ import annotations

import json
import logging
import pickle
from pickletools import genops

from attrs import asdict

from skypay_payout import CallbackError, ErrorCode, InvalidCallbackError, PayoutCallback

MESSAGE_LIMIT = 700
"""Characters of one message: 40 quoted ones, each escaped to ten at most, and the advice around them."""


TIME_LENGTH = 10
"""Bytes of a pickled datetime."""


def shown(one: CallbackError | PayoutCallback) -> str:
    """All the text of it: str, repr, args, notes, attributes, context, cause, log records and its pickle."""
    texts = [str(one), repr(one), f"{one!a}", _pickled(one), _logged(one)]
    if isinstance(one, PayoutCallback):
        values = asdict(one)
        texts += [repr(values), json.dumps(values, default=str), one.idempotency_key]
    else:
        texts += [repr(one.args), repr(vars(one)), repr(one.__context__), repr(one.__cause__)]
        if isinstance(one, InvalidCallbackError):
            texts += [json.dumps(one.payload), json.dumps(one.payload, ensure_ascii=False)]
            texts += [f"{error} {error!r} {error.message}" for error in one.errors]
    return "\n".join(texts)


def _pickled(one: CallbackError | PayoutCallback) -> str:
    """The texts in the pickle. Lengths and times are left out: their bytes can look like any text."""
    values = (value for _, value, _ in genops(pickle.dumps(one)))
    return "\n".join(
        str(value) + ascii(value)
        for value in values
        if isinstance(value, str) or (isinstance(value, bytes) and len(value) != TIME_LENGTH)
    )


def _logged(one: CallbackError | PayoutCallback) -> str:
    error = (type(one), one, one.__traceback__) if isinstance(one, CallbackError) else None
    record = logging.LogRecord("endpoint", logging.ERROR, __file__, 1, "refused: %s %r", (one, one), error)
    return logging.Formatter().format(record) + repr(vars(record))


def check_error(error: CallbackError) -> None:
    """What holds for every error of ``parse``, whatever was sent."""
    assert isinstance(error.code, ErrorCode)
    assert error.__context__ is None
    assert error.__cause__ is None
    assert not hasattr(error, "__notes__")
    messages = [str(error)]
    if isinstance(error, InvalidCallbackError):
        assert error.errors
        assert "authentication" not in error.payload
        messages = [member.message for member in error.errors]
        assert str(error) == "; ".join(f"{member.field}: {member.message}" for member in error.errors)
    for message in messages:
        assert 0 < len(message) <= MESSAGE_LIMIT
        assert message.isprintable()
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(copy), str(copy), copy.code, vars(copy)) == (
        type(error),
        str(error),
        error.code,
        vars(error),
    )
