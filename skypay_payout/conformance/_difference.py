"""In what a stored callback differs from the one that was sent."""

from __future__ import annotations

import json

from .._callback import PayoutCallback
from .._formatting import quoted


def readable(callback: PayoutCallback) -> str:
    """Return the content with lone surrogates replaced: point 11 keeps them out of two texts only."""
    text = json.dumps(callback.to_dict(), sort_keys=True, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def different(sent: PayoutCallback, stored: PayoutCallback) -> list[str]:
    """Return the names of the fields that differ."""
    before, after = sent.to_dict(), stored.to_dict()
    return [
        name
        for name in dict.fromkeys((*before, *after))
        if (name in before, before.get(name)) != (name in after, after.get(name))
    ]


def difference(sent: PayoutCallback, stored: PayoutCallback) -> str:
    """Say of the first field that differs what was sent, and what is stored."""
    before, after = sent.to_dict(), stored.to_dict()
    name = next(iter(different(sent, stored)), "another value")
    expected, got = (quoted(fields[name]) if name in fields else "none" for fields in (before, after))
    return f"{quoted(name)}: expected {expected}, got {got}"
