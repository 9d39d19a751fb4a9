"""Receive SkyPay's payout callback, ``payoutQueuePayout``, and acknowledge it.

A body travels one way: ``body`` reads it, ``parser`` authenticates it, ``wire`` makes a ``callback`` of it;
and ``acknowledgement`` is the way back. Transport is the caller's.
"""

from ._acknowledgement import Acknowledgement, acknowledge
from ._callback import PayoutCallback
from ._control_number import ControlNumber
from ._credentials import Credentials
from ._errors import (
    AuthenticationError,
    CallbackError,
    DecryptionError,
    ErrorCode,
    FieldError,
    InvalidCallbackError,
    MalformedBodyError,
)
from ._parser import CallbackParser, Cipher
from ._pay_type import PayType

__version__ = "1.0.0"

__all__ = [
    "Acknowledgement",
    "AuthenticationError",
    "CallbackError",
    "CallbackParser",
    "Cipher",
    "ControlNumber",
    "Credentials",
    "DecryptionError",
    "ErrorCode",
    "FieldError",
    "InvalidCallbackError",
    "MalformedBodyError",
    "PayType",
    "PayoutCallback",
    "acknowledge",
]
