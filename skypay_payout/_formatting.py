"""JSON values, written into messages, as canonical JSON to compare and to hash, and without secrets."""

import json
from typing import Any, cast

_SHOWN_CHARACTERS = 40

REDACTED = "[redacted]"
"""What stands in a callback or an error where the sender repeated a secret."""


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


def redact(value: Any, secrets: tuple[str, ...]) -> Any:
    """Replace the secrets, longest first, in all texts, names and numbers of a JSON value, at any depth."""
    if isinstance(value, str):
        if not contains(value, secrets):
            return value
        for secret in secrets:
            value = value.replace(secret, REDACTED)
        # What is left on both sides of a marker can make up another secret.
        return REDACTED if contains(value, secrets) else value
    if isinstance(value, (int, float)):
        return REDACTED if contains(str(value), secrets) else value
    if isinstance(value, list):
        return [redact(item, secrets) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {redact(name, secrets): redact(item, secrets) for name, item in fields.items()}
    return value


def contains(text: str, secrets: tuple[str, ...]) -> bool:
    """Return whether the text contains one of the secrets."""
    for secret in secrets:  # noqa: SIM110  any() takes several times as long
        if secret in text:
            return True
    return False
