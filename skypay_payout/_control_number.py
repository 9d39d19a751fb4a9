"""The withdrawal code that names a payout."""

from __future__ import annotations

import re

from ._errors import ErrorCode, WrongValue, quoted

PREFIX_LENGTH = 5
MAX_LENGTH = 15

PREFIX_PATTERN = f"[A-Za-z0-9]{{{PREFIX_LENGTH}}}"
CONTROL_NUMBER_PATTERN = f"{PREFIX_PATTERN}[0-9]{{8,10}}"

_has_form = re.compile(CONTROL_NUMBER_PATTERN).fullmatch


class ControlNumber(str):
    """A well-formed control number: five ASCII letters or digits, then 8 to 10 ASCII digits (point 4).

    It is a ``str`` of 13 to 15 characters, so it can be stored and compared as one.

    Raises ``TypeError`` for anything but a ``str``, and ``ValueError`` for a text of another form.
    """

    __slots__ = ()

    def __new__(cls, value: str) -> ControlNumber:
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a control number is a str, not {type(value).__name__}")
        match = _has_form(value)
        if match is None:
            raise _refusal(value)
        # Not value: str() of one of an enum's texts is another text.
        return str.__new__(cls, match[0])

    @property
    def prefix(self) -> str:
        """The five characters that SkyPay issued to the partner."""
        return self[:PREFIX_LENGTH]

    @property
    def serial(self) -> str:
        """The 8 to 10 digits behind the prefix, leading zeros kept."""
        return self[PREFIX_LENGTH:]


def _refusal(value: str) -> WrongValue:
    if not value:
        return WrongValue(
            ErrorCode.EMPTY, "the control number is empty; expected one such as 'SK99123456789'"
        )
    if "*" in value:
        return WrongValue(
            ErrorCode.MASKED, f"{quoted(value)} looks masked; ask the sender for the whole control number"
        )
    code = ErrorCode.TOO_LONG if len(value) > MAX_LENGTH else ErrorCode.WRONG_FORMAT
    return WrongValue(
        code,
        f"{quoted(value)} is not a control number; expected 5 ASCII letters or digits and then "
        f"8 to 10 digits, with nothing before or after them",
    )
