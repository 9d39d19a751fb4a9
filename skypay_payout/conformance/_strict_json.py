"""Read JSON without any tolerance, since nobody knows how SkyPay reads it."""

from __future__ import annotations

import json
from typing import cast

from .._formatting import quoted
from .._json import MAX_DEPTH


def strict_object(text: bytes) -> dict[str, object]:
    """Return the one JSON object that the text holds; whatever reads responses may tolerate nothing.

    Raises ``ValueError`` that says what is wrong and where.
    """
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH:  # Python 3.14 reads any depth
        raise ValueError("nested too deep")
    try:
        value: object = json.loads(text.decode(), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        problem = f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start}"
    except _DuplicateField as error:
        problem = f"the field {quoted(error.args[0])} is there twice"
    except ValueError:
        problem = "a number of too many digits"
    else:
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
        problem = "another JSON value"
    raise ValueError(problem)


class _DuplicateField(Exception):
    pass


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateField(next(name for name in names if names.count(name) > 1))
    return dict(pairs)
