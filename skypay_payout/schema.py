"""JSON Schemas (2020-12) of the callback and of the acknowledgement, for tools not written in Python.

They are generated from the definitions that the parser uses. A schema cannot check duplicate fields, the
calendar, secrets or surrogate pairs: the parser's decision is authoritative.
"""

from copy import deepcopy
from datetime import datetime

from ._acknowledgement import acknowledge
from ._callback import OPTIONAL_NAMES, SCHEMAS
from ._fields import ACTION, TEXT, whole
from ._times import SKYPAY_ZONE

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PROPERTIES = {
    "userName": SCHEMAS["userName"],
    "action": {"description": "The name of this callback.", "const": ACTION},
    "authentication": {"description": "The secret that SkyPay issued; compared exactly.", **TEXT.schema},
    **SCHEMAS,
}
_ACKNOWLEDGEMENT = acknowledge(datetime(2018, 6, 18, 17, 52, 10, 521100, SKYPAY_ZONE)).to_dict()


def callback() -> dict[str, object]:
    """Return the schema of the callback, decrypted, as a new dictionary (points 2 to 5, 7, 9 and 11)."""
    return {
        "$schema": _DIALECT,
        "title": ACTION,
        "description": "The callback that SkyPay sends when a payout changes state. More fields may come.",
        "type": "object",
        "properties": deepcopy(_PROPERTIES),
        "required": [name for name in _PROPERTIES if name not in OPTIONAL_NAMES],
    }


def acknowledgement() -> dict[str, object]:
    """Return the schema of the acknowledgement, before it is encrypted (point 6), as a new dictionary."""
    return {
        "$schema": _DIALECT,
        "title": f"{ACTION} acknowledgement",
        "description": "The one response to every callback, whatever its status: received.",
        "type": "object",
        "properties": {
            **{name: {"const": value} for name, value in _ACKNOWLEDGEMENT.items()},
            "responseTime": {
                "description": "The time of the response: yyyy-MM-dd HH:mm:ss.SSSS, in UTC+8.",
                **whole("[0-9]{4}(-[0-9]{2}){2} ([01][0-9]|2[0-3])(:[0-5][0-9]){2}[.][0-9]{4}"),
                "examples": [_ACKNOWLEDGEMENT["responseTime"]],
            },
        },
        "required": list(_ACKNOWLEDGEMENT),
        "additionalProperties": False,
    }
