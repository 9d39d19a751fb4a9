"""JSON Schemas (2020-12) of the callback and of the acknowledgement, for tools that read no Python.

They are made from the definitions that the parser itself reads by. A schema sees a JSON value and not its
text, and knows no calendar and no secret: the parser stays the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from . import _credentials as credentials
from ._acknowledgement import acknowledge
from ._times import SKYPAY_ZONE
from ._fields import ACTION, MEMBERS, text_schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_AUTHENTICATION = text_schema("The secret that SkyPay issued; compared exactly.", credentials.MAX_LENGTH)
_ANSWER = acknowledge(datetime(2018, 6, 18, 17, 52, 10, 521100, SKYPAY_ZONE)).to_dict()
_RESPONSE_TIME = {
    "description": "When the partner answered: yyyy-MM-dd HH:mm:ss.SSSS, in UTC+8.",
    "type": "string",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{4}$",
    "examples": [_ANSWER["responseTime"]],
}

CALLBACK: Mapping[str, object] = {
    "$schema": _DIALECT,
    "title": ACTION,
    "description": "What SkyPay sends when a payout changes state. Members that are not here may come too.",
    "type": "object",
    "properties": {**{member.name: member.schema for member in MEMBERS}, "authentication": _AUTHENTICATION},
    "required": [*(member.name for member in MEMBERS if member.required), "authentication"],
}
"""The callback, decrypted. Every member that this version knows has its rule (points 2 to 5, 7 and 9)."""

ACKNOWLEDGEMENT: Mapping[str, object] = {
    "$schema": _DIALECT,
    "title": f"{ACTION} acknowledgement",
    "description": "The one answer to every callback, whatever its status: received.",
    "type": "object",
    "properties": {
        **{name: {"const": value} for name, value in _ANSWER.items()},
        "responseTime": _RESPONSE_TIME,
    },
    "required": list(_ANSWER),
    "additionalProperties": False,
}
"""The acknowledgement, before it is sealed (point 6)."""
