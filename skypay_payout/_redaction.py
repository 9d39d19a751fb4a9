"""Secrets taken out of what a sender repeats them in."""

from typing import Any, cast

REDACTED = "[redacted]"
"""What stands in a callback or an error where the sender repeated a secret."""


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
