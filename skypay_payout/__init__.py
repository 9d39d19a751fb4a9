"""Receive SkyPay's payout callback, ``payoutQueuePayout``, and acknowledge it.

A body travels one way: ``body`` reads it, ``parser`` authenticates it, ``wire`` makes a ``callback`` of it;
and ``acknowledgement`` is the way back. Transport is the caller's.
"""

from .acknowledgement import Acknowledgement, acknowledge
from .callback import PayoutCallback
from .control_number import ControlNumber
from .credentials import Credentials
from .errors import (
    AuthenticationError,
    CallbackError,
    DecryptionError,
    ErrorCode,
    FieldError,
    InvalidCallbackError,
    MalformedBodyError,
)
from .parser import CallbackParser, Cipher
from .pay_type import PayType

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
