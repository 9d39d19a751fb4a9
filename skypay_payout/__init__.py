"""Receive SkyPay's payout callback, ``payoutQueuePayout``, and acknowledge it.

A body travels one way: ``_json`` reads it, ``_parser`` authenticates it, ``_callback`` structures it, and
``_results`` holds what to respond. Transport is the caller's.
"""

from ._acknowledgement import Acknowledgement, acknowledge
from ._callback import IDEMPOTENCY_KEY_MAX_LENGTH, PayoutCallback
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
from ._history import Anomaly, PayoutHistory, PayoutStatus
from ._parser import CallbackParser
from ._pay_type import PayType
from ._results import Accepted, Quarantined, Rejected, Response, Result

__version__ = "1.0.0"

__all__ = [
    "IDEMPOTENCY_KEY_MAX_LENGTH", "Accepted", "Acknowledgement", "Anomaly", "AuthenticationError",
    "CallbackError", "CallbackParser", "ControlNumber", "Credentials", "DecryptionError", "ErrorCode",
    "FieldError", "InvalidCallbackError", "MalformedBodyError", "PayType", "PayoutCallback", "PayoutHistory",
    "PayoutStatus", "Quarantined", "Rejected", "Response", "Result", "acknowledge",
]  # fmt: skip
