"""What can be wrong with a callback, whose fault it is, and the stable codes for it."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

from ._control_number import ControlNumber
from ._formatting import digest


class ErrorCode(StrEnum):
    """Stable codes of what is wrong: alerts and metrics may be built on them."""

    TOO_LARGE = "too_large"
    """The body has more bytes than the parser's ``max_body_size`` (point 9)."""
    TOO_DEEP = "too_deep"
    """The body has more than 64 levels of objects and arrays (point 9)."""
    EMPTY_BODY = "empty_body"
    """The body holds nothing but white space: most often a probe, or a proxy that dropped it (point 9)."""
    NOT_BASE64 = "not_base64"
    """A cipher is set, and the body is not Base64 of whole AES blocks: a probe, or changed on its way."""
    NOT_UTF8 = "not_utf8"
    """The body is not UTF-8 text (point 9)."""
    NOT_JSON = "not_json"
    """The body is not JSON, or a number in it is not finite or too long (point 1)."""
    NOT_AN_OBJECT = "not_an_object"
    """The body is JSON, but not one JSON object (point 9)."""
    DUPLICATE_FIELD = "duplicate_field"
    """An object in the body has two fields of one name (point 8)."""
    DECRYPTION_FAILED = "decryption_failed"
    """The body is Base64 of whole AES blocks, but no configured key decrypts it: rotate."""
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
    """The text contains U+0000 or a lone surrogate, which databases cannot store (point 11)."""


class CallbackError(ValueError):
    """The base of all errors of a body.

    ``str()`` of it is safe to log: bounded, without control characters or secrets.
    """

    code: ErrorCode
    """The stable code."""


class MalformedBodyError(CallbackError):
    """A body that is not one JSON object within the limits: reject it."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[1])


class DecryptionError(MalformedBodyError):
    """A body that no configured key decrypts: reject it."""


class AuthenticationError(CallbackError):
    """A body whose userName or authentication is missing or wrong, not which: reject it."""

    code = ErrorCode.AUTHENTICATION_FAILED

    def __str__(self) -> str:
        return (
            "expected the userName and authentication of a configured account, got others or none: do not "
            "acknowledge; if SkyPay really sent this, compare the configured Credentials with SkyPay's "
            "account email, and configure the old and the new secret during a rotation"
        )


@frozen
class FieldError:
    """One invalid field of an authenticated callback."""

    field: str
    """The field's wire name, such as ``controlNumber``."""
    code: ErrorCode
    """The stable code of the rule that it breaks."""
    message: str
    """The expected value, the one that arrived, and what to do: safe to log."""


class InvalidCallbackError(CallbackError):
    """An authenticated callback with invalid fields: quarantine and acknowledge it."""

    code = ErrorCode.INVALID_CALLBACK

    errors: tuple[FieldError, ...]
    """One for each invalid field."""
    payload: Mapping[str, object]
    """The fields that arrived, by wire name, without the secret: JSON-ready."""

    def __init__(self, errors: tuple[FieldError, ...], payload: Mapping[str, object]) -> None:
        super().__init__(errors, payload)
        self.errors = errors
        self.payload = payload

    def __str__(self) -> str:
        problems = "; ".join(f"{error.field}: {error.message}" for error in self.errors)
        return f"control number {self.control_number or 'unknown'}: {problems}"

    def __repr__(self) -> str:
        return f"InvalidCallbackError({str(self)!r})"

    @property
    def control_number(self) -> ControlNumber | None:
        """The control number if it is well-formed, whatever its prefix."""
        value = self.payload.get("controlNumber")
        try:
            return ControlNumber(value) if isinstance(value, str) else None
        except ValueError:
            return None

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical payload, 64 hexadecimal characters."""
        return digest(self.payload)


def strip(error: CallbackError) -> None:
    """Remove traceback and context, whose frames and arguments hold the body."""
    error.__context__ = error.__cause__ = error.__traceback__ = None
