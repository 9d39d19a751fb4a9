"""A body as it was received, read into one JSON object. This is the only JSON reader for received text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import isfinite
from typing import Any, NoReturn, cast

from ._errors import ErrorCode, MalformedBodyError

MAX_DEPTH = 64
"""Levels of objects and arrays: whatever was read can then be copied and pickled."""

MAX_DIGITS = 1024
"""Digits in a row that no body may have: all with them are rejected, and none with fewer than half."""

_BASE_ITEMS = 20
_BYTES_PER_ITEM = 36
_LARGE = 512


def max_items(size: int) -> int:
    """Return how many items a body of ``size`` bytes may hold: 20, and one for each 36 bytes.

    An object, an array and a comma are an item each. In a body of more than 512 bytes an object counts twice,
    and six backslashes count as one. A callback has about ten. Within the limit, decoding costs no more than
    decoding a genuine callback of that size does. What texts contain counts too: nothing is decoded yet.
    """
    return _BASE_ITEMS + size // _BYTES_PER_ITEM


def _check_digits(data: bytes) -> None:
    """Check that no number has ``MAX_DIGITS``: what one costs grows with the square of its digits."""
    block = MAX_DIGITS // 2  # so many digits in a row fill at least one block
    for start in range(0, len(data), block):
        if data[start : start + block].isdigit():
            raise MalformedBodyError(
                ErrorCode.TOO_COMPLEX, f"expected fewer than {block} digits in a row, got as many or more"
            )


class _DuplicateField(Exception):
    pass


class _NotFinite(Exception):
    pass


def _fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _DuplicateField
    return fields


def _constant(_name: str) -> NoReturn:
    raise _NotFinite


# Fractions stay as they are until the sender is authenticated: converting one can cost more than a field.
_decode: Callable[[str, int], tuple[dict[str, object], int]] = json.JSONDecoder(
    object_pairs_hook=_fields,
    parse_float=str.encode,  # pyright: ignore[reportArgumentType]
    parse_constant=_constant,
).raw_decode

_skip_start = re.compile("\ufeff?[ \t\n\r]*").match
_closing = re.compile(",[ \t\n\r]*}[ \t\n\r]*").fullmatch
_skip_space = re.compile("[ \t\n\r]*").match


def to_bytes(body: bytes | bytearray | memoryview | str, limit: int) -> bytes:
    """Return the body as the bytes that were sent, whatever type the framework gives it (point 9).

    Raises ``MalformedBodyError`` (``too_large``, ``not_utf8``), and ``TypeError`` for any other type.
    """
    if type(body) is bytes:
        size = len(body)
    elif isinstance(body, str):
        size = len(body)
        if size <= limit:
            body = _encoded(body)
            size = len(body)
    else:
        body = _view(body)
        size = body.nbytes
    if size > limit:
        raise MalformedBodyError(
            ErrorCode.TOO_LARGE,
            f"expected at most {limit} bytes (max_body_size), got a body of {size} or more",
        )
    return body.tobytes() if isinstance(body, memoryview) else cast("bytes", body)


def _view(body: bytes | bytearray | memoryview) -> memoryview:
    try:
        return memoryview(body)
    except TypeError:
        pass
    raise TypeError(
        f"expected the raw body as bytes or str, got {type(body).__name__}: pass what was received, not what "
        "a framework decoded from it, which may hide duplicate fields"
    )


def _encoded(text: str) -> bytes:
    try:
        return str.encode(text)  # not text.encode(): a subclass may have its own
    except UnicodeEncodeError as error:
        wrong = MalformedBodyError(
            ErrorCode.NOT_UTF8, f"expected text, got half of a surrogate pair at character {error.start}"
        )
    raise wrong  # here and not where it was found, so that no __context__ holds the body


def decode(data: bytes) -> dict[str, object]:
    """Read the one JSON object in the bytes (points 1, 8 and 9).

    ``complete`` converts its numbers with a fraction or an exponent, which are ``bytes`` here.

    Raises ``MalformedBodyError`` (``too_complex``, ``not_utf8``, ``not_json``, ``not_an_object``,
    ``duplicate_field``). Its message says where, but quotes nothing: the body may hold a secret.
    """
    size = len(data)
    items = size - len(data.translate(None, b"{[,"))
    if size > _LARGE:
        items += data.count(b"{") + data.count(b"\\") // 6
        _check_digits(data)
    if items > max_items(size):
        raise MalformedBodyError(
            ErrorCode.TOO_COMPLEX,
            f"expected at most {max_items(size)} items (objects, arrays and commas) in {size} bytes, "
            f"got {items}",
        )
    wrong: MalformedBodyError
    try:
        text = data.decode()
        start = 0
        if not text or text[0] != "{" or text[-1] != "}" or text[-9:-1].rstrip()[-1:] in ",":
            text, start = _tolerated(text)
        fields, end = _decode(text, start)
    except UnicodeDecodeError as error:
        wrong = MalformedBodyError(
            ErrorCode.NOT_UTF8, f"expected UTF-8, got another byte at position {error.start}"
        )
    except json.JSONDecodeError as error:
        wrong = _not_json(f"a syntax error at line {error.lineno}, column {error.colno} ({error.msg})")
    except _DuplicateField:
        wrong = MalformedBodyError(
            ErrorCode.DUPLICATE_FIELD, "expected each field of an object once, got one of them twice"
        )
    except RecursionError:
        wrong = _too_deep()
    except (_NotFinite, ValueError):  # ValueError: more digits than Python converts
        wrong = _not_json(_NO_NUMBER)
    else:
        if end != len(text) and (end := cast("re.Match[str]", _skip_space(text, end)).end()) != len(text):
            wrong = _not_json(f"more text after the end at character {end}")
        elif type(fields) is not dict:
            wrong = MalformedBodyError(
                ErrorCode.NOT_AN_OBJECT, "expected one JSON object in braces, got another JSON value"
            )
        else:
            return fields
    raise wrong  # for the same reason as above


_NO_NUMBER = "NaN, Infinity or a number that is too large"


def _not_json(problem: str) -> MalformedBodyError:
    return MalformedBodyError(ErrorCode.NOT_JSON, f"expected JSON as SkyPay sends it, got {problem}")


def _too_deep() -> MalformedBodyError:
    return MalformedBodyError(
        ErrorCode.TOO_COMPLEX, f"expected at most {MAX_DEPTH} levels of nesting, got more"
    )


def _tolerated(text: str) -> tuple[str, int]:
    """Return the text without the one comma before the last brace (point 1), and where the object begins.

    Before the object, a byte order mark (point 9) and white space are tolerated.
    """
    if text.rstrip()[:-1].rstrip().endswith(","):
        comma = text.rfind(",")
        if _closing(text, comma) and not text[:comma].rstrip().endswith("{"):
            # In place of the comma a space, so that positions in messages stay right.
            text = f"{text[:comma]} {text[comma + 1 :]}"
    return text, 0 if text[:1] == "{" else cast("re.Match[str]", _skip_start(text)).end()


def complete(container: dict[Any, Any] | list[Any], depth: int = 1) -> None:
    """Convert the numbers that ``decode`` left as ``bytes``: in place, in an object or array, at any depth.

    Raises ``MalformedBodyError``: ``not_json`` if one is not finite, and ``too_complex`` beyond 64 levels.
    """
    for key, value in container.items() if type(container) is dict else enumerate(container):
        kind = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind is str:
            continue
        if kind is bytes:
            container[key] = number = float(value)
            if not isfinite(number):
                raise _not_json(_NO_NUMBER)
        elif kind is dict or kind is list:
            if depth == MAX_DEPTH:
                raise _too_deep()
            complete(value, depth + 1)


def read_object(data: bytes) -> dict[str, object]:
    """Read the one JSON object in the bytes. Raises as ``decode`` and ``complete`` do."""
    fields = decode(data)
    complete(fields)
    return fields
