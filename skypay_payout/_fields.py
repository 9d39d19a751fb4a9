"""Readers of the wire's fields; the attributes of ``PayoutCallback`` say which one reads which field."""

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
from ._times import DEAL_TIME_PATTERN, SKYPAY_ZONE, match_deal_time

ACTION = "payoutQueuePayout"
_DEAL_TIME_FORMAT = "yyyy-MM-dd HH:mm:ss (UTC+8), perhaps with a T, fractional seconds or an ISO 8601 offset"

PAY_TYPES: Mapping[object, PayType] = {
    key: status for status in PayType for key in (status.value, str(status.value))
}
"""Each status by what represents it in JSON (point 2)."""

Reader: TypeAlias = Callable[[object, object], object]
"""Return the attribute's value for a wire value, or raise ``InvalidField``; cattrs passes two arguments."""


@frozen
class Rule:
    """The rule for a field's value: ``read`` decides, and ``schema`` says the same as JSON Schema."""

    read: Reader
    schema: Mapping[str, object]

    def of(self, name: str, description: str) -> dict[Any, Any]:
        """Make the metadata of the attribute that holds the field of this wire name."""
        return {"name": name, "description": description, "rule": self}


class InvalidField(ValueError):
    """A value that breaks a rule, with code and message; it never leaves the package."""


def _invalid(value: object, expected: str, code: ErrorCode, hint: str = "") -> InvalidField:
    """Return what is wrong with a value that should be a text of a format."""
    if not isinstance(value, str):
        code, expected, hint = ErrorCode.INVALID_TYPE, "a string", ""
    elif not value:
        code, hint = ErrorCode.EMPTY, ""
    return InvalidField(code, f"expected {expected}, got {quoted(value)}{hint}")


def read_user_name(value: object, _: object = None) -> str:
    """Read ``userName``; the parser has compared it before."""
    if isinstance(value, str) and 0 < len(value) <= MAX_NAME_LENGTH:
        return value
    raise _invalid(value, f"1 to {MAX_NAME_LENGTH} characters", ErrorCode.TOO_LONG)


def read_action(value: object, _: object = None) -> None:
    """Check ``action``, which is always the same and has no attribute."""
    if value != ACTION:
        is_long = isinstance(value, str) and len(value) > MAX_NAME_LENGTH
        code = ErrorCode.TOO_LONG if is_long else ErrorCode.UNEXPECTED_ACTION
        raise _invalid(value, repr(ACTION), code, ": check whether it is another of SkyPay's callbacks")


def control_number_reader(prefixes: Collection[str] | None) -> Reader:
    """Make a reader of ``controlNumber``, with one of these prefixes; None accepts any (point 4)."""

    def read(value: object, _: object = None) -> ControlNumber:
        if isinstance(value, str) and match_control_number(value):
            number = str.__new__(ControlNumber, value)  # past its own check, which has just been made
            if prefixes is None or number.prefix in prefixes:
                return number
            hint = ": check whether the callback is another partner's"
            expected = f"one of the account's {len(prefixes)} prefixes"
            raise _invalid(value, expected, ErrorCode.UNEXPECTED_PREFIX, hint)
        code, hint, text = ErrorCode.INVALID_FORMAT, "", value if isinstance(value, str) else ""
        if "*" in text:
            code, hint = ErrorCode.MASKED, ": it looks masked; ask for the full number"
        elif len(text) > MAX_LENGTH:
            code = ErrorCode.TOO_LONG
        raise _invalid(value, CONTROL_NUMBER_FORMAT, code, hint)

    return read


def read_pay_type(value: object, _: object = None) -> PayType:
    """Read ``payType`` (point 2)."""
    if type(value) is int or type(value) is str:  # not isinstance: True is an int, and True == 1
        status = PAY_TYPES.get(value)
        if status is not None:
            return status
        code = ErrorCode.EMPTY if value == "" else ErrorCode.UNKNOWN_STATUS
        expected = f"expected 1 to 6, got {quoted(value)}"
        raise InvalidField(code, f"{expected}: check whether there is a newer specification")
    raise InvalidField(ErrorCode.INVALID_TYPE, f"expected 1 to 6, got {quoted(value)}")


def read_deal_time(value: object, _: object = None) -> datetime:
    """Read ``dealTime`` as an aware time in UTC+8, truncated to microseconds (point 5).

    The first and the last year are no times: .NET sends year 1 for "no time", and a time at the calendar's
    edge cannot be converted to every zone.
    """
    if not isinstance(value, str) or not (match := match_deal_time(value)):
        raise _invalid(value, _DEAL_TIME_FORMAT, ErrorCode.INVALID_FORMAT)
    try:
        if match.lastindex is None:  # no offset; adding the text costs a sixth of .replace(tzinfo=...)
            time = datetime.fromisoformat(value + "+08:00")
        else:
            parse: Callable[[str], datetime] = datetime.fromisoformat
            if match[2] is not None and match[2] >= "60":
                # fromisoformat takes +07:75 for an offset of 8 hours and 15 minutes.
                from dateutil.parser import isoparse  # slow to import, and hardly ever needed

                parse = isoparse
            time = parse(value).astimezone(SKYPAY_ZONE)
        if 1 < time.year < 9999:
            return time
    except (ValueError, OverflowError):
        pass
    raise _invalid(value, "an existing time", ErrorCode.INVALID_DATETIME)


def read_optional_text(value: object, _: object = None) -> str | None:
    """Read a text that may be absent: null and "" are None (points 3 and 11)."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and "\0" not in value and value.encode():
            return value
    except UnicodeEncodeError:
        pass
    expected = "text without U+0000 and lone surrogates, which databases reject"
    raise _invalid(value, expected, ErrorCode.INVALID_TEXT)


def whole(pattern: str) -> dict[str, object]:
    """Make the schema of a text that this matches as a whole.

    In some languages ``$`` admits a line break behind it, and not all of them have lookahead.
    """
    return {"type": "string", "pattern": f"^{pattern}$", "not": {"pattern": "[^ -~]"}}


TEXT = Rule(read_user_name, {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH})
CONTROL_NUMBER = Rule(
    control_number_reader(None),
    {**whole(CONTROL_NUMBER_PATTERN), "examples": ["SK99123456789"]},
)
PAY_TYPE = Rule(
    read_pay_type,
    {"enum": list(PAY_TYPES), "$comment": "1.0 is invalid too, but JSON Schema cannot tell it from 1"},
)
DEAL_TIME = Rule(read_deal_time, {**whole(DEAL_TIME_PATTERN), "examples": ["2018-08-07 11:58:33"]})
OPTIONAL_TEXT = Rule(
    read_optional_text,
    {"type": ["string", "null"], "pattern": "^[^\\x00]*$", "$comment": "null and empty: not given"},
)
