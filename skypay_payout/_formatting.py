"""How JSON values are written: into messages for people, and as canonical JSON to compare and to hash."""

import json

_SHOWN_CHARACTERS = 40


def quoted(value: object) -> str:
    """Quote a JSON value for a message: escaped, and shortened to 40 characters."""
    if isinstance(value, str):
        more = f"… ({len(value)} characters)" if len(value) > _SHOWN_CHARACTERS else ""
        return f"{value[:_SHOWN_CHARACTERS]!r}{more}"
    if isinstance(value, int) and abs(value) >= 10**_SHOWN_CHARACTERS:
        return "a very long number"
    if value is None or isinstance(value, (int, float)):
        return json.dumps(value)
    return "an array" if isinstance(value, list) else "an object"


def canonical_json(value: object) -> str:
    """Write a JSON value as ASCII without white space and with sorted fields: equal data, equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON, as 64 hexadecimal characters."""
    from hashlib import sha256  # slow to import, and not needed to receive a callback

    return sha256(canonical_json(value).encode()).hexdigest()
