"""How the fields of the wire are read: each by a function that returns the value or raises ``InvalidField``.

Which fields there are, and which function reads which, is defined at the attributes of ``PayoutCallback``.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from attrs import frozen

from ._control_number import (
    CONTROL_NUMBER_FORMAT,
    CONTROL_NUMBER_PATTERN,
    MAX_LENGTH,
    ControlNumber,
    match_control_number,
)
from ._credentials import MAX_LENGTH as MAX_NAME_LENGTH
from ._errors import ErrorCode
from ._formatting import quoted
from ._pay_type import PayType
from ._redaction import redact
from ._times import DEAL_TIME_PATTERN, SKYPAY_ZONE, match_deal_time

ACTION = "payoutQueuePayout"

PAY_TYPES = {key: status for status in PayType for key in (status.value, str(status.value))}
"""Each status by what represents it in JSON (point 2)."""

Reader: TypeAlias = Callable[[object, object], object]
"""Return the attribute's value for a wire value, or raise ``InvalidField``; cattrs passes two arguments."""


@frozen
class Rule:
    """The rule for a field's value: ``read`` decides, and ``schema`` says the same as JSON Schema."""

    read: Reader
    schema: Mapping[str, object]

    def metadata(self, name: str, description: str) -> dict[Any, Any]:
        """Make the metadata of the attribute that holds the field of this name."""
        return {"name": name, "description": description, "rule": self}


class InvalidField(ValueError):
    """A value that breaks a rule, with code and message; it never leaves the package."""


def _wrong_type(value: object, expected: str = "a string") -> InvalidField:
    return InvalidField(ErrorCode.INVALID_TYPE, f"expected {expected}, got {quoted(value)}")


def read_user_name(value: object, _: object = None) -> str:
    """Read ``userName``; the parser has compared it before."""
    if not isinstance(value, str):
        raise _wrong_type(value)
    if 0 < len(value) <= MAX_NAME_LENGTH:
        return value
    code = ErrorCode.TOO_LONG if value else ErrorCode.EMPTY
    raise InvalidField(code, f"expected 1 to {MAX_NAME_LENGTH} characters, got {quoted(value)}")


def read_action(value: object) -> None:
    """Check ``action``, which is always the same and has no attribute."""
    if value == ACTION:
        return
    if not isinstance(value, str):
        raise _wrong_type(value)
    code = ErrorCode.UNEXPECTED_ACTION if len(value) <= MAX_NAME_LENGTH else ErrorCode.TOO_LONG
    raise InvalidField(
        code if value else ErrorCode.EMPTY,
        f"expected {ACTION!r}, got {quoted(value)}: check whether it is another of SkyPay's callbacks",
    )


def read_control_number(value: object, _: object = None) -> ControlNumber:
    """Read ``controlNumber`` (point 4)."""
    if not isinstance(value, str):
        raise _wrong_type(value)
    if match_control_number(value):
        return str.__new__(ControlNumber, value)  # past its own check, which has just been made
    expected = f"expected {CONTROL_NUMBER_FORMAT}, got {quoted(value)}"
    if not value:
        raise InvalidField(ErrorCode.EMPTY, expected)
    if "*" in value:
        raise InvalidField(ErrorCode.MASKED, f"{expected}: it looks masked; ask for the full number")
    code = ErrorCode.TOO_LONG if len(value) > MAX_LENGTH else ErrorCode.INVALID_FORMAT
    raise InvalidField(code, expected)


def own_control_number_reader(prefixes: Collection[str]) -> Reader:
    """Make a reader that also accepts only control numbers with one of these prefixes (point 4)."""

    def read(value: object, _: object) -> ControlNumber:
        number = read_control_number(value)
        if number.prefix in prefixes:
            return number
        raise InvalidField(
            ErrorCode.UNEXPECTED_PREFIX,
            f"expected one of the {len(prefixes)} prefixes configured for the account, got "
            f"{quoted(number.prefix)} in {quoted(number)}: check whether the callback is another partner's",
        )

    return read


def read_pay_type(value: object, _: object = None) -> PayType:
    """Read ``payType`` (point 2)."""
    # Not isinstance: True is an int, and True == 1.
    if type(value) is not str and type(value) is not int:
        raise _wrong_type(value, "1 to 6 as a number or a string")
    status = PAY_TYPES.get(value)
    if status is not None:
        return status
    raise InvalidField(
        ErrorCode.EMPTY if value == "" else ErrorCode.UNKNOWN_STATUS,
        f"expected 1 to 6, got {quoted(value)}: check whether there is a newer specification",
    )


def read_deal_time(value: object, _: object = None) -> datetime:
    """Read ``dealTime`` as an aware time in UTC+8, truncated to microseconds (point 5).

    The first and the last year of the calendar are no times either: .NET sends year 1 for "no time", and a
    time at the edge cannot be converted to every zone.
    """
    if not isinstance(value, str):
        raise _wrong_type(value)
    match = match_deal_time(value)
    if match is None:
        raise InvalidField(
            ErrorCode.INVALID_FORMAT if value else ErrorCode.EMPTY,
            f"expected yyyy-MM-dd HH:mm:ss (UTC+8), or the same with a T, fractional seconds or an ISO 8601 "
            f"offset, got {quoted(value)}",
        )
    try:
        if match.lastindex is None:  # no offset; adding the text costs a sixth of .replace(tzinfo=...)
            time = datetime.fromisoformat(value + "+08:00")
        elif match[2] is None or match[2] < "60":
            time = datetime.fromisoformat(value).astimezone(SKYPAY_ZONE)
        else:
            # fromisoformat takes +07:75 for an offset of 8 hours and 15 minutes.
            from dateutil.parser import isoparse  # slow to import, and hardly ever needed

            time = isoparse(value).astimezone(SKYPAY_ZONE)
        if 1 < time.year < 9999:
            return time
    except (ValueError, OverflowError):
        pass
    raise InvalidField(
        ErrorCode.INVALID_DATETIME, f"expected a date and time that exist, got {quoted(value)}"
    )


def read_optional_text(value: object, _: object = None) -> str | None:
    """Read a text that may be absent: null and the empty string are None (points 3 and 11)."""
    if not isinstance(value, str):
        if value is None:
            return None
        raise _wrong_type(value)
    try:
        value.encode()
    except UnicodeEncodeError:
        pass
    else:
        if "\0" not in value:
            return value or None
    raise InvalidField(
        ErrorCode.INVALID_TEXT,
        f"expected text without U+0000 and lone surrogates, which databases reject, got {quoted(value)}",
    )


def redacting_reader(secrets: tuple[str, ...]) -> Reader:
    """Make a reader of an optional text that also redacts these secrets."""

    def read(value: object, _: object) -> object:
        return redact(read_optional_text(value), secrets)

    return read


def _whole(pattern: str) -> str:
    """Anchor the pattern: in some languages, Python among them, ``$`` alone admits a trailing newline."""
    return f"^{pattern}$(?!\\n)"


TEXT = Rule(read_user_name, {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH})
CONTROL_NUMBER = Rule(
    read_control_number,
    {"type": "string", "pattern": _whole(CONTROL_NUMBER_PATTERN), "examples": ["SK99123456789"]},
)
PAY_TYPE = Rule(
    read_pay_type,
    {"enum": list(PAY_TYPES), "$comment": "1.0 is invalid too, but JSON Schema cannot tell it from 1"},
)
DEAL_TIME = Rule(
    read_deal_time,
    {"type": "string", "pattern": _whole(DEAL_TIME_PATTERN), "examples": ["2018-08-07 11:58:33"]},
)
OPTIONAL_TEXT = Rule(
    read_optional_text,
    {"type": ["string", "null"], "pattern": "^[^\\u0000]*$", "$comment": "null and empty: not given"},
)
