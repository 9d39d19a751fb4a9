"""Values of an authenticated callback that are invalid, by field and by the code that each gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from .._errors import ErrorCode

Fields: TypeAlias = dict[str, object]
Change: TypeAlias = Callable[[Fields], Fields]
ABSENT = object()
"""In place of a value: the field is left out."""


def wide(text: str) -> str:
    """Return the text in full-width characters, which some readers take for the same."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


_NUMBERS: Mapping[ErrorCode, Mapping[str, Callable[[str], object]]] = {
    ErrorCode.INVALID_TYPE: {
        "a number": lambda number: int(f"99{number[5:]}00"),
        "in an array": lambda number: [number],
        "in an object": lambda number: {"value": number},
    },
    ErrorCode.MASKED: {
        "masked": lambda number: f"{number[:3]}**{number[5:]}",
        "with masked digits": lambda number: f"{number[:7]}****{number[11:]}",
    },
    ErrorCode.INVALID_FORMAT: {
        "of 12 characters": lambda number: number[:5] + number[-7:],
        "with a letter among its digits": lambda number: f"{number[:-1]}O",
        "with a letter behind it": lambda number: f"{number}x",
        "with an underscore in its prefix": lambda number: f"SK_{number[3:]}",
        "with a hyphen in its prefix": lambda number: f"SK-{number[3:]}",
        "with a hyphen behind its prefix": lambda number: f"{number[:5]}-{number[5:]}",
        "with a full-width letter in its prefix": lambda number: wide(number[0]) + number[1:],
        "with full-width digits": lambda number: number[:5] + wide(number[5:]),
        "with a space among its digits": lambda number: f"{number[:9]} {number[9:]}",
        "with a space before it": lambda number: f" {number}",
        "with a space behind it": lambda number: f"{number} ",
        "with a newline behind it": lambda number: f"{number}\n",
        "with U+0000 behind it": lambda number: f"{number}\0",
    },
    ErrorCode.TOO_LONG: {
        "of 16 characters": lambda number: f"{number}00",
    },
}
"""By code, how a value that is none is made of a control number, by a name."""

INVALID_FIELDS: Mapping[str, Mapping[ErrorCode, Mapping[str, object]]] = {
    "action": {
        ErrorCode.MISSING: {"missing": ABSENT},
        ErrorCode.INVALID_TYPE: {
            "null": None,
            "a number": 1,
            "true": True,
            "an array": ["payoutQueuePayout"],
        },
        ErrorCode.EMPTY: {"empty": ""},
        ErrorCode.TOO_LONG: {"of 51 characters": "payout" * 8 + "pay"},
        ErrorCode.UNEXPECTED_ACTION: {
            "in another case": "PayoutQueuePayout",
            "of another callback": "payoutQueue",
            "with a space before it": " payoutQueuePayout",
            "with a newline behind it": "payoutQueuePayout\n",
        },
    },
    "controlNumber": {
        **_NUMBERS,
        ErrorCode.MISSING: {"missing": ABSENT},
        ErrorCode.INVALID_TYPE: {"null": None, **_NUMBERS[ErrorCode.INVALID_TYPE]},
        ErrorCode.EMPTY: {"empty": ""},
    },
    "payType": {
        ErrorCode.MISSING: {"missing": ABSENT},
        ErrorCode.INVALID_TYPE: {
            "null": None,
            "true": True,
            "false": False,
            "1.0": 1.0,
            "2.5": 2.5,
            "in an array": [1],
            "in an object": {"value": 1},
        },
        ErrorCode.EMPTY: {"empty": ""},
        ErrorCode.UNKNOWN_STATUS: {
            "0": 0,
            "7": 7,
            "8": 8,
            "99": 99,
            "negative": -1,
            "1 in the lowest 32 bits": 2**32 + 1,
            "the text 0": "0",
            "the text 7": "7",
            "the text 1.0": "1.0",
            "the text 2abc": "2abc",
            "the text 1,2": "1,2",
            "the text 0x2": "0x2",
            "the text 2e0": "2e0",
            "the text null": "null",
            "the text true": "true",
            "with a sign": "+1",
            "with a space before it": " 1",
            "with a space behind it": "2 ",
            "with a newline behind it": "1\n",
            "with a zero before it": "01",
            "a full-width digit": wide("1"),
            "an Arabic digit": "٢",
            "a word": "UPLOAD",
            "a word in lower case": "payout",
        },
    },
    "dealTime": {
        ErrorCode.MISSING: {"missing": ABSENT},
        ErrorCode.INVALID_TYPE: {
            "null": None,
            "an epoch number": 1533614313,
            "in an array": ["2018-08-07 11:58:33"],
        },
        ErrorCode.EMPTY: {"empty": ""},
        ErrorCode.INVALID_FORMAT: {
            "an epoch number as text": "1533614313",
            "in milliseconds as text": "1533614313000",
            "a bare date": "2018-08-07",
            "a bare time": "11:58:33",
            "without seconds": "2018-08-07 11:58",
            "without signs": "20180807115833",
            "with slashes": "2018/08/07 11:58:33",
            "with the year last": "07-08-2018 11:58:33",
            "with one digit for the month": "2018-8-7 11:58:33",
            "a week date": "2018-W32-2T11:58:33",
            "at 24:00": "2018-08-07 24:00:00",
            "in hour 25": "2018-08-07 25:00:00",
            "a weekday": "Tuesday",
            "now": "now",
            "as in an e-mail": "Tue, 07 Aug 2018 11:58:33 +0800",
            "with a space before it": " 2018-08-07 11:58:33",
            "with a newline behind it": "2018-08-07 11:58:33\n",
            "with full-width digits": wide("2018") + "-08-07 11:58:33",
            "with the name of its zone": "2018-08-07 11:58:33 GMT",
        },
        ErrorCode.INVALID_DATETIME: {
            "on 30 February": "2018-02-30 11:58:33",
            "on 29 February of another year": "2019-02-29 11:58:33",
            "on 31 April": "2018-04-31 11:58:33",
            "on day 0": "2018-08-00 11:58:33",
            "in month 0": "2018-00-07 11:58:33",
            "in month 13": "2018-13-07 11:58:33",
            "in minute 60": "2018-08-07 11:60:33",
            "in second 60": "2018-08-07 11:58:60",
            "with an offset of 24 hours": "2018-08-07 11:58:33+24:00",
            "with 60 minutes in its offset": "2018-08-07 11:58:33+08:60",
            "in year 0": "0000-00-00 00:00:00",
            "in year 1": "0001-01-01 00:00:00",
            "in year 9999": "9999-12-31 23:59:59",
        },
    },
    "failDescription": {
        ErrorCode.INVALID_TYPE: {
            "a number": 4,
            "false": False,
            "an array": ["余额不足"],
            "an object": {"zh": "余额不足"},
        },
        ErrorCode.INVALID_TEXT: {
            "with U+0000": "余额\0不足",
            "with a lone surrogate": "cash \ud83d",
        },
    },
    "referenceNumber": {
        ErrorCode.INVALID_TYPE: {
            "a number": 1041380755361119,
            "true": True,
            "an object": {},
        },
        ErrorCode.INVALID_TEXT: {
            "with U+0000": "MLA\0",
            "with a lone surrogate": "\ude00 MLA",
        },
    },
}
"""By field and code, each value, or a function that makes it of the control number, by a name."""


def value_for(value: object, number: str) -> object:
    """Return a value of ``INVALID_FIELDS`` for the payout of that control number."""
    return value(number) if callable(value) else value


def changed(changes: Mapping[str, object]) -> Change:
    """Return a function that returns changed fields, without those that are ``ABSENT``."""

    def change(fields: Fields) -> Fields:
        return {name: value for name, value in {**fields, **changes}.items() if value is not ABSENT}

    return change
