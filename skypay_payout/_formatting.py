"""How JSON values are written: into messages for people, and as canonical JSON to compare and to hash."""

from __future__ import annotations

import json

_SHOWN_CHARACTERS = 40


def quoted(value: object) -> str:
    """Quote a JSON value for a message: escaped, and shortened to 40 characters."""
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
        case bytes():  # a fraction that has not been converted yet
            return repr(float(value))
        case list():
            return "an array"
        case _:
            return "an object"


def canonical_json(value: object) -> str:
    """Write a JSON value as ASCII without white space and with sorted fields: equal data, equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
