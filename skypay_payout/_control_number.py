"""The withdrawal code that names a payout."""

from __future__ import annotations

import re

from ._formatting import quoted

PREFIX_LENGTH = 5
MAX_LENGTH = 15

PREFIX_PATTERN = f"[A-Za-z0-9]{{{PREFIX_LENGTH}}}"
CONTROL_NUMBER_PATTERN = f"{PREFIX_PATTERN}[0-9]{{8,10}}"
CONTROL_NUMBER_FORMAT = "5 ASCII letters or digits and then 8 to 10 digits"

match_control_number = re.compile(CONTROL_NUMBER_PATTERN).fullmatch


class ControlNumber(str):
    """A ``str`` of five ASCII letters or digits and then 8 to 10 ASCII digits (point 4).

    Raises ``TypeError`` for anything but a ``str``, and ``ValueError`` for another format.
    """

    __slots__ = ()

    def __new__(cls, value: str) -> ControlNumber:
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a control number as str, got {type(value).__name__}")
        match = match_control_number(value)
        if match is None:
            raise ValueError(f"expected {CONTROL_NUMBER_FORMAT}, got {quoted(value)}")
        # Not value: str() of a member of a string enum is another text.
        return str.__new__(cls, match[0])

    @property
    def prefix(self) -> str:
        """Its first five characters, issued by SkyPay."""
        return self[:PREFIX_LENGTH]

    @property
    def serial(self) -> str:
        """The digits after the prefix, leading zeros kept."""
        return self[PREFIX_LENGTH:]
