"""The usual form of a body, which one expression recognises.

The specification's sample shows it: the members of the table in the table's order, no others, short texts
without escapes, and white space only where a line can be broken and behind a colon. A body of another form is
not wrong for that; it only takes the long way through ``body`` and ``wire``, and so does whatever is wrong.
Nothing is refused here, and what is understood here, the long way understands in the same way. The rules are
those of ``control_number``, ``times``, ``wire`` and ``credentials``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from re import Match

from ._callback import PayoutCallback
from ._control_number import CONTROL_NUMBER_PATTERN, ControlNumber
from ._credentials import repeats
from ._times import DOCUMENTED_PATTERN, documented_time
from ._fields import ACTION, PAY_TYPES

# Bounded: no body costs more here than a few callbacks do, and for long texts the JSON decoder is quicker.
# Possessive: nothing is tried twice. Not on groups, though: Python 3.11.2 matches those wrongly.
_SPACE = r"[ \t\n\r]{0,64}+"
_TEXT = r'"([^"\\\x00-\x1f]{0,500}+)"'

_REQUIRED = {
    "userName": _TEXT,
    "action": json.dumps(ACTION),
    "authentication": _TEXT,
    "controlNumber": f'"({CONTROL_NUMBER_PATTERN})"',
    "payType": '(?:"([0-9])"|([0-9]))',
    "dealTime": f'"({DOCUMENTED_PATTERN})"',
}
_OPTIONAL = {
    "failDescription": f"(?:{_TEXT}|null)",
    "referenceNumber": f"(?:{_TEXT}|null)",
}


def _member(name: str, value: str) -> str:
    return f'{_SPACE}"{name}":{_SPACE}{value}'


_FORM = (
    rf"{_SPACE}\{{"
    + ",".join(_member(name, value) for name, value in _REQUIRED.items())
    + "".join(f"(?:,{_member(name, value)})?" for name, value in _OPTIONAL.items())
    + rf",?{_SPACE}\}}{_SPACE}"
)

recognise: Callable[[str], Match[str] | None] = re.compile(_FORM).fullmatch
"""The match of a text that has the usual form: group 1 is its userName, group 2 its authentication."""


def structure(
    match: Match[str], prefixes: Collection[str] | None, secrets: Collection[str]
) -> PayoutCallback | None:
    """The callback that an authenticated body of the usual form holds, or None: the long way has to judge."""
    user_name, _, number, quoted_digit, digit, time, reason, reference = match.groups()
    control_number = str.__new__(ControlNumber, number)  # the form has checked it
    pay_type = PAY_TYPES.get(quoted_digit or digit)
    deal_time = documented_time(time)
    if (
        pay_type is None
        or deal_time is None
        or (prefixes is not None and control_number.prefix not in prefixes)
        or repeats(secrets, reason, reference)
    ):
        return None
    return PayoutCallback(user_name, control_number, pay_type, deal_time, reason or None, reference or None)
