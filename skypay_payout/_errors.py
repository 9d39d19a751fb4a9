"""What can be wrong with a callback, whose fault it is, and the stable codes for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

from ._control_number import ControlNumber
from ._formatting import canonical_json


class ErrorCode(StrEnum):
    """Name what is wrong. Codes are stable: alerts and metrics may be built on them."""

    TOO_LARGE = "too_large"
    """The body has more bytes than the parser's ``max_body_size`` (point 9)."""
    TOO_COMPLEX = "too_complex"
    """The body holds more objects, arrays, fields and elements than a body of its size may."""
    NOT_UTF8 = "not_utf8"
    """The body is not UTF-8 text (point 9)."""
    NOT_JSON = "not_json"
    """The body is not JSON, or a number in it is not finite or too long (point 1)."""
    NOT_AN_OBJECT = "not_an_object"
    """The body is JSON, but not one JSON object (point 9)."""
    DUPLICATE_FIELD = "duplicate_field"
    """An object in the body has two fields of one name (point 8)."""
    DECRYPTION_FAILED = "decryption_failed"
    """No configured key decrypts the body."""
    AUTHENTICATION_FAILED = "authentication_failed"
    """userName or authentication is missing or wrong."""
    INVALID_CALLBACK = "invalid_callback"
    """The sender is authenticated, but fields are invalid: each has one of the codes below."""

    MISSING = "missing"
    """A required field is absent."""
    INVALID_TYPE = "invalid_type"
    """The field has another JSON type than the specification gives it (point 9)."""
    EMPTY = "empty"
    """A required field is the empty string (point 9)."""
    TOO_LONG = "too_long"
    """The field has more characters than the specification allows (point 9)."""
    UNEXPECTED_ACTION = "unexpected_action"
    """``action`` is not ``payoutQueuePayout``."""
    INVALID_FORMAT = "invalid_format"
    """``controlNumber`` or ``dealTime`` does not have its format (points 4 and 5)."""
    MASKED = "masked"
    """``controlNumber`` contains asterisks, as the documentation's examples do (point 4)."""
    UNEXPECTED_PREFIX = "unexpected_prefix"
    """``controlNumber`` has a prefix that was not issued to the account (point 4)."""
    UNKNOWN_STATUS = "unknown_status"
    """``payType`` is none of 1 to 6 (point 2)."""
    INVALID_DATETIME = "invalid_datetime"
    """``dealTime`` has its format, but there is no such date or time (point 5)."""
    INVALID_TEXT = "invalid_text"
    """The text contains U+0000 or half of a surrogate pair, which databases cannot store (point 11)."""


class CallbackError(ValueError):
    """Report a body that is not a valid callback. The base of everything that ``parse`` raises for a body.

    ``str()`` of it is safe to log: bounded, without control characters, and never with a secret in it.
    """

    code: ErrorCode
    """What is wrong, as a stable code."""


class MalformedBodyError(CallbackError):
    """Report a body that is not one JSON object within the limits. The sender is unknown: reject it."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[1])


class DecryptionError(MalformedBodyError):
    """Report that no configured key decrypts the body: do not acknowledge.

    It never says how decryption failed, since that would help whoever wants to forge a body.
    """

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.DECRYPTION_FAILED,
            "expected a body encrypted with a configured key, got one that none of them decrypts: pass "
            "SkyPay's Base64 text on unchanged, and configure the old and the new key during a rotation "
            "(plain JSON is never accepted where a cipher is set)",
        )

    def __reduce__(self) -> tuple[type[DecryptionError], tuple[()]]:
        return type(self), ()


class AuthenticationError(CallbackError):
    """Report that userName or authentication is missing or wrong, not which. Never acknowledge."""

    code = ErrorCode.AUTHENTICATION_FAILED

    def __str__(self) -> str:
        return (
            "expected the userName and authentication of a configured account, got others or none: do not "
            "acknowledge; if SkyPay really sent this, compare the configured Credentials with SkyPay's "
            "account email, and configure the old and the new secret during a rotation"
        )


@frozen
class FieldError:
    """Describe one invalid field of an authenticated callback."""

    field: str
    """The field's wire name, such as ``controlNumber``."""
    code: ErrorCode
    """Which rule it breaks."""
    message: str
    """What was expected, what arrived, and what to do: safe to log."""


class InvalidCallbackError(CallbackError):
    """Report a callback that is authenticated, but has invalid fields: quarantine it, and acknowledge it.

    A redelivery cannot correct it, and the specification demands responseCode 1000 whatever the status.
    """

    code = ErrorCode.INVALID_CALLBACK

    errors: tuple[FieldError, ...]
    """One for each invalid field, in the specification's order."""
    payload: Mapping[str, object]
    """What arrived, by wire name, without the secret: JSON-ready, to store for a person."""

    def __init__(self, errors: tuple[FieldError, ...], payload: Mapping[str, object]) -> None:
        super().__init__(errors, payload)
        self.errors = errors
        self.payload = payload

    def __str__(self) -> str:
        problems = "; ".join(f"{error.field}: {error.message}" for error in self.errors)
        return f"control number {self.control_number or 'unknown'}: {problems}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    @property
    def control_number(self) -> ControlNumber | None:
        """Return which payout it is about: the well-formed control number, whatever its prefix, or None."""
        value = self.payload.get("controlNumber")
        try:
            return ControlNumber(value) if isinstance(value, str) else None
        except ValueError:
            return None

    @property
    def idempotency_key(self) -> str:
        """Return ``invalid/`` and the SHA-256 of the canonical payload: equal for redeliveries.

        72 ASCII characters. Keep resolved quarantine entries under it, or a redelivery would reopen them.
        """
        from hashlib import sha256  # slow to import, and seldom needed

        return "invalid/" + sha256(canonical_json(self.payload).encode()).hexdigest()
