"""A body as it was received, read into one JSON object, and JSON values of callers, copied.

This is the only JSON reader for received text. Size and nesting are the only limits (point 9).
"""

import json
import re
from contextlib import suppress
from math import isfinite
from typing import Any, NoReturn, cast

from ._errors import ErrorCode, MalformedBodyError
from ._formatting import quoted

MAX_DEPTH = 64
"""Levels of objects and arrays, the outermost included: what was read can be copied and pickled."""

_SPACE = " \t\n\r"


def _fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedBodyError(
            ErrorCode.DUPLICATE_FIELD, "expected each field of an object once, got one of them twice"
        )
    return fields


def _not_json(problem: str) -> MalformedBodyError:
    return MalformedBodyError(ErrorCode.NOT_JSON, f"expected JSON as SkyPay sends it, got {problem}")


def _too_deep() -> MalformedBodyError:
    return MalformedBodyError(
        ErrorCode.TOO_DEEP, f"expected at most {MAX_DEPTH} levels of objects and arrays, got more"
    )


def _no_number(_: str = "") -> NoReturn:
    raise _not_json("NaN, Infinity or a number that is too large")


def _float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        _no_number()
    return number


_decode = json.JSONDecoder(
    object_pairs_hook=_fields, parse_float=_float, parse_constant=_no_number
).raw_decode
_skip_space = re.compile(f"[{_SPACE}]*").match


def to_bytes(body: bytes | bytearray | memoryview | str, limit: int) -> bytes:
    """Return the body as the bytes that were sent, whatever type the framework gives it (point 9).

    Raises ``MalformedBodyError`` (``too_large``), and ``TypeError`` for any other type.
    """
    if isinstance(body, str):
        # Lone surrogates become bytes that are no UTF-8. Not body.encode(): a subclass may have its own.
        body = str.encode(body[: limit + 1], errors="surrogatepass")
    try:
        view = memoryview(cast("bytes", body))
    except TypeError:
        raise TypeError(
            f"expected the raw body as bytes or str, got {type(body).__name__}: pass what was received, not "
            "what a framework decoded from it, which may hide duplicate fields"
        ) from None
    if view.nbytes > limit:
        raise MalformedBodyError(
            ErrorCode.TOO_LARGE, f"expected at most {limit} bytes (max_body_size), got more"
        )
    return view.tobytes()


def decode(data: bytes) -> dict[str, object]:
    """Read the one JSON object in the bytes (points 1, 8 and 9).

    Before and after it, white space is tolerated, before it a byte order mark, and in it the one comma before
    the last brace.

    Raises ``MalformedBodyError`` (``empty_body``, ``not_utf8``, ``not_json``, ``not_an_object``,
    ``duplicate_field``, ``too_deep``). Its message says where, but quotes nothing: that may be a secret.
    """
    try:
        text = data.decode()
        start = cast("re.Match[str]", _skip_space(text, text.startswith("\ufeff"))).end()
        stripped = text.rstrip(_SPACE)
        if len(stripped) <= start:
            raise MalformedBodyError(ErrorCode.EMPTY_BODY, "expected a callback, got an empty body")
        before = stripped[:-1].rstrip(_SPACE)
        if before.endswith(",") and stripped.endswith("}") and not before[:-1].rstrip(_SPACE).endswith("{"):
            # In place of the comma a space, so that positions in messages stay right.
            stripped = f"{before[:-1]} {stripped[len(before) :]}"
        value, end = _decode(stripped, start)
    except UnicodeDecodeError as error:
        raise MalformedBodyError(
            ErrorCode.NOT_UTF8, f"expected UTF-8, got another byte at position {error.start}"
        ) from None
    except json.JSONDecodeError as error:
        raise _not_json(
            f"a syntax error at line {error.lineno}, column {error.colno} ({error.msg})"
        ) from None
    except MalformedBodyError:
        raise
    except RecursionError:  # before Python 3.14, beyond about a thousand levels
        raise _too_deep() from None
    except ValueError:  # an integer of more digits than Python converts
        _no_number()
    if end != len(stripped):
        raise _not_json(f"more text after the end at character {end}")
    if type(value) is not dict:
        raise MalformedBodyError(
            ErrorCode.NOT_AN_OBJECT, "expected one JSON object in braces, got another JSON value"
        )
    return cast("dict[str, object]", value)


def check_depth(container: dict[Any, Any] | list[Any], depth: int = 1) -> None:
    """Raise ``MalformedBodyError`` (``too_deep``) if an object or array has more than 64 levels."""
    for value in container.values() if type(container) is dict else container:
        if type(value) is dict or type(value) is list:  # pyright: ignore[reportUnknownArgumentType]
            if depth == MAX_DEPTH:
                raise _too_deep()
            check_depth(value, depth + 1)  # pyright: ignore[reportUnknownArgumentType]


def json_copy(value: Any, name: str = "fields", depth: int = 1) -> Any:
    """Return a copy of a JSON value that shares nothing with it and has plain built-in types only.

    ``name`` is the field that it belongs to. Raises ``ValueError`` that names it, for a value that JSON does
    not have and for more than 64 levels.
    """
    if isinstance(value, (dict, list)):
        if depth > MAX_DEPTH:
            raise ValueError(f"{name}: expected at most {MAX_DEPTH} levels of objects and arrays, got more")
        if isinstance(value, list):
            return [json_copy(item, name, depth + 1) for item in cast("list[object]", value)]
        copy: dict[str, object] = {}
        for key, item in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                raise ValueError(f"{name}: expected texts as names of fields, got {type(key).__name__}")
            copy[str.__str__(key)] = json_copy(
                item, f"field {quoted(key)}" if depth == 1 else name, depth + 1
            )
        return copy
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):  # str() of a member of a string enum can be another text
        return str.__str__(value)
    if isinstance(value, int):
        with suppress(ValueError):  # more digits than Python converts
            return int(int.__repr__(value))
    elif isinstance(value, float) and isfinite(value):
        return float(value)
    raise ValueError(f"{name}: expected a value that JSON has, got {type(value).__name__}")
