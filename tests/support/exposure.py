"""Everything that an outcome can show to whoever logs, prints, stores or sends it on."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from pickletools import genops

from attrs import asdict

import skypay_payout
from skypay_payout import (
    Accepted,
    CallbackError,
    ErrorCode,
    InvalidCallbackError,
    PayoutCallback,
    Quarantined,
    Rejected,
)

MESSAGE_LIMIT = 700
"""Characters of one message: 40 quoted ones, each escaped to ten at most, and the advice around them."""

TIME_LENGTH = 10
"""Bytes of a pickled datetime."""

PACKAGE = str(Path(skypay_payout.__file__).parent)


def exposed(one: CallbackError | PayoutCallback) -> str:
    """Return all the text of it: str, repr, args, attributes, context, cause, logs, frames, its pickle."""
    texts = [str(one), repr(one), f"{one!a}", _pickled(one), _logged(one)]
    if isinstance(one, PayoutCallback):
        values = asdict(one)
        texts += [repr(values), json.dumps(values, default=str), one.idempotency_key, one.digest]
        texts += [json.dumps(one.to_dict()), json.dumps(one.to_dict(), ensure_ascii=False)]
    else:
        texts += [repr(one.args), repr(vars(one)), repr(one.__context__), repr(one.__cause__)]
        texts += _frames(one)
        if isinstance(one, InvalidCallbackError):
            texts += [json.dumps(one.payload), json.dumps(one.payload, ensure_ascii=False)]
            texts += [f"{error} {error!r} {error.message}" for error in one.errors]
            texts += [str(one.control_number), one.digest]
    return "\n".join(texts)


def exposed_by_result(result: Accepted | Quarantined | Rejected) -> str:
    """Return all the text of what ``receive`` returned."""
    inner = result.callback if isinstance(result, Accepted) else result.error
    return f"{result} {result!r} {result!a} {exposed(inner)} {result.respond()}"


def _pickled(one: CallbackError | PayoutCallback) -> str:
    """Return the texts in the pickle. Lengths and times are left out: their bytes can look like any text."""
    values = (value for _, value, _ in genops(pickle.dumps(one)))
    return "\n".join(
        str(value) + ascii(value)
        for value in values
        if isinstance(value, str) or (isinstance(value, bytes) and len(value) != TIME_LENGTH)
    )


def _logged(one: CallbackError | PayoutCallback) -> str:
    error = (type(one), one, one.__traceback__) if isinstance(one, CallbackError) else None
    record = logging.LogRecord("endpoint", logging.ERROR, __file__, 1, "rejected: %s %r", (one, one), error)
    return logging.Formatter().format(record) + repr(vars(record))


def _frames(error: CallbackError) -> Iterator[str]:
    """Yield the variables in the package's frames of the traceback, as error reports show them."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(PACKAGE):
            yield from (f"{name} = {value!r}" for name, value in frame.f_locals.items())


def check_error(error: CallbackError) -> None:
    """Check what holds for every error of ``parse``, whatever was sent."""
    assert isinstance(error.code, ErrorCode)
    assert error.__context__ is None
    assert error.__cause__ is None
    assert not hasattr(error, "__notes__")
    messages = [str(error)]
    if isinstance(error, InvalidCallbackError):
        assert error.errors
        assert "authentication" not in error.payload
        messages = [one.message for one in error.errors]
        problems = "; ".join(f"{one.field}: {one.message}" for one in error.errors)
        assert str(error) == f"control number {error.control_number or 'unknown'}: {problems}"
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
