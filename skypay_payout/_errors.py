"""What can be wrong with a callback, whose fault it is, and the stable codes for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

_SHOWN_CHARACTERS = 40


class ErrorCode(StrEnum):
    """Every code that an error can carry. Codes are stable: alarms may be built on them."""

    TOO_LARGE = "too_large"
    """The body has more bytes than the parser's ``max_body_size`` (point 9)."""
    NOT_UTF8 = "not_utf8"
    """The body is not UTF-8 text (point 9)."""
    NOT_JSON = "not_json"
    """The body is not JSON, or a number or a nesting in it is beyond what can be read (point 1)."""
    NOT_AN_OBJECT = "not_an_object"
    """The body is JSON, but not one JSON object (point 9)."""
    MEMBER_TWICE = "member_twice"
    """An object in the body holds a member twice (point 8)."""
    UNDECRYPTABLE = "undecryptable"
    """No configured key opens the body."""
    UNAUTHENTICATED = "unauthenticated"
    """userName or authentication is missing or wrong."""
    INVALID = "invalid"
    """The sender is proved, but members are wrong: each of them has one of the codes below."""

    MISSING = "missing"
    """A required member is absent."""
    WRONG_TYPE = "wrong_type"
    """The member has another JSON type than the specification gives it (point 9)."""
    EMPTY = "empty"
    """A required member is the empty string (point 9)."""
    TOO_LONG = "too_long"
    """The member has more characters than the specification allows (point 9)."""
    WRONG_VALUE = "wrong_value"
    """``action`` is not ``payoutQueuePayout``."""
    WRONG_FORMAT = "wrong_format"
    """``controlNumber`` or ``dealTime`` does not have its form (points 4 and 5)."""
    MASKED = "masked"
    """``controlNumber`` holds asterisks, as the documentation's examples do (point 4)."""
    FOREIGN_PREFIX = "foreign_prefix"
    """``controlNumber`` has a prefix that is not one of the partner's own (point 4)."""
    UNKNOWN_STATUS = "unknown_status"
    """``payType`` is none of 1 to 6 (point 2)."""
    NO_SUCH_TIME = "no_such_time"
    """``dealTime`` has its form, but no calendar has that time (point 5)."""
    NOT_TEXT = "not_text"
    """The text holds half of a surrogate pair, which nothing can store or send on."""


def quoted(value: object) -> str:
    """A JSON value as a message may show it: quoted, escaped, and shortened to 40 characters."""
    match value:
        case str():
            more = f"… ({len(value)} characters)" if len(value) > _SHOWN_CHARACTERS else ""
            return f"{value[:_SHOWN_CHARACTERS]!r}{more}"
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int():
            return str(value) if abs(value) < 10**_SHOWN_CHARACTERS else "a very long number"
        case float():
            return repr(value)
        case list():
            return "an array"
        case _:
            return "an object"


class WrongValue(ValueError):
    """A value that one rule of the specification refuses; ``code`` says which rule."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message


def no_string(value: object) -> WrongValue:
    """What to raise for a value that should be a string (point 9)."""
    return WrongValue(ErrorCode.WRONG_TYPE, f"{quoted(value)} arrived; expected a string")


class CallbackError(ValueError):
    """A body that is not a good callback. The base of everything that ``parse`` raises for a body.

    ``str()`` of it is safe to log: it is bounded, holds no control characters, and never a secret.
    """

    code: ErrorCode
    """What is wrong, as a stable word."""


class MalformedBodyError(CallbackError):
    """The body is not one JSON object within the limit. Nobody knows who sent it: do not acknowledge."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[1])


class DecryptionError(MalformedBodyError):
    """No configured key opens the encrypted body: do not acknowledge.

    It never says how opening failed, since that would help whoever wants to forge a body.
    """

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.UNDECRYPTABLE,
            "the body cannot be opened with any configured key: pass SkyPay's Base64 text on unchanged, "
            "and while a key is being changed configure the old and the new one (plain JSON is never "
            "accepted where a cipher is set)",
        )

    def __reduce__(self) -> tuple[type[DecryptionError], tuple[()]]:
        return type(self), ()


class AuthenticationError(CallbackError):
    """userName or authentication is missing or wrong; it does not say which. Never acknowledge."""

    code = ErrorCode.UNAUTHENTICATED

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return (
            "userName or authentication is missing or wrong: do not acknowledge; if SkyPay really sent this, "
            "compare the configured Credentials with SkyPay's account mail, and while a secret is being "
            "changed configure the old and the new one"
        )


@frozen
class FieldError:
    """One wrong member of an authenticated callback."""

    field: str
    """The member's wire name, such as ``controlNumber``."""
    code: ErrorCode
    """Which rule it breaks."""
    message: str
    """What arrived, what was expected, and what to do: safe to log."""


class InvalidCallbackError(CallbackError):
    """SkyPay sent it, but members are wrong: set ``payload`` aside and acknowledge all the same.

    A resend cannot mend it, and the specification wants responseCode 1000 whatever the status.
    """

    code = ErrorCode.INVALID

    errors: tuple[FieldError, ...]
    """One for every wrong member, in the specification's order."""
    payload: Mapping[str, object]
    """What arrived, by wire name, without the secret, so that it can be set aside and nothing is lost."""
    key_index: int
    """Which of the cipher's keys opened the body, as a position; -1, the newest, where there was none."""

    def __init__(
        self, errors: tuple[FieldError, ...], payload: Mapping[str, object], key_index: int = -1
    ) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors
        self.payload = payload
        self.key_index = key_index

    def __reduce__(
        self,
    ) -> tuple[type[InvalidCallbackError], tuple[tuple[FieldError, ...], Mapping[str, object], int]]:
        return type(self), (self.errors, self.payload, self.key_index)
