"""A body as it was received, read into one JSON object. This is the only JSON reader for received text."""

import json
import re
from collections.abc import Callable
from math import isfinite
from typing import Any, NoReturn, cast

from ._errors import ErrorCode, MalformedBodyError

MAX_DEPTH = 64
"""Levels of objects and arrays: whatever was read can then be copied and pickled."""
_TOO_DEEP = f"expected at most {MAX_DEPTH} levels of nesting, got more"
_NO_NUMBER = "NaN, Infinity or a number that is too large"


def max_items(size: int) -> int:
    """Return how many items a body of ``size`` bytes may hold: 20, and one for each 40 bytes.

    An object, an array and a comma are an item each. In a body of more than 512 bytes an object counts twice,
    and seven backslashes count as one. A callback has about ten. Within the limit, decoding costs no more
    than decoding a genuine callback of that size does. What texts contain counts too: nothing is decoded yet.
    """
    return 20 + size // 40


def _fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedBodyError(
            ErrorCode.DUPLICATE_FIELD, "expected each field of an object once, got one of them twice"
        )
    return fields


def _not_json(problem: str) -> MalformedBodyError:
    return MalformedBodyError(ErrorCode.NOT_JSON, f"expected JSON as SkyPay sends it, got {problem}")


def _not_finite(_: str) -> NoReturn:
    raise _not_json(_NO_NUMBER)


def _too_complex(message: str) -> MalformedBodyError:
    return MalformedBodyError(ErrorCode.TOO_COMPLEX, message)


# Fractions stay as they are until the sender is authenticated: converting one can cost more than a field.
_decode: Callable[[str, int], tuple[dict[str, object], int]] = json.JSONDecoder(
    object_pairs_hook=_fields,
    parse_float=str.encode,  # pyright: ignore[reportArgumentType]
    parse_constant=_not_finite,
).raw_decode

_skip_start = re.compile("\ufeff?[ \t\n\r]*").match
_closing = re.compile(",[ \t\n\r]*}[ \t\n\r]*").fullmatch
_skip_space = re.compile("[ \t\n\r]*").match


def to_bytes(body: bytes | bytearray | memoryview | str, limit: int) -> bytes:
    """Return the body as the bytes that were sent, whatever type the framework gives it (point 9).

    Raises ``MalformedBodyError`` (``too_large``), and ``TypeError`` for any other type.
    """
    if isinstance(body, str):
        # Half surrogate pairs become bytes that are no UTF-8. Not body.encode(): a subclass may have its own.
        body = str.encode(body[: limit + 1], errors="surrogatepass")
    try:
        view = memoryview(body)
    except TypeError:
        pass
    else:
        if view.nbytes <= limit:
            return view.tobytes()
        raise MalformedBodyError(
            ErrorCode.TOO_LARGE, f"expected at most {limit} bytes (max_body_size), got more"
        )
    raise TypeError(
        f"expected the raw body as bytes or str, got {type(body).__name__}: pass what was received, not what "
        "a framework decoded from it, which may hide duplicate fields"
    )


def decode(data: bytes) -> dict[str, object]:
    """Read the one JSON object in the bytes (points 1, 8 and 9).

    ``complete`` converts its numbers with a fraction or an exponent, which are ``bytes`` here.

    Raises ``MalformedBodyError`` (``too_complex``, ``not_utf8``, ``not_json``, ``not_an_object``,
    ``duplicate_field``). Its message says where, but quotes nothing: the body may hold a secret.
    """
    size = len(data)
    items = size - len(data.translate(None, b"{[,"))
    if size > 512:
        items += data.count(b"{") + data.count(b"\\") // 7
        # What a number costs grows with the square of its digits. 800 in a row fill one of these blocks.
        if any(map(bytes.isdigit, [data[start : start + 400] for start in range(0, size, 400)])):
            raise _too_complex("expected fewer than 400 digits in a row, got as many or more")
    if items > max_items(size):
        most = f"at most {max_items(size)} items (objects, arrays and commas) in {size} bytes"
        raise _too_complex(f"expected {most}, got {items}")
    try:
        text = data.decode()
        start = 0
        if not text or text[0] != "{" or text[-1] != "}" or text[-2] in ", \t\n\r":
            text, start = _tolerated(text)
        fields, end = _decode(text, start)
    except MalformedBodyError as error:
        wrong = error
    except UnicodeDecodeError as error:
        wrong = MalformedBodyError(
            ErrorCode.NOT_UTF8, f"expected UTF-8, got another byte at position {error.start}"
        )
    except json.JSONDecodeError as error:
        wrong = _not_json(f"a syntax error at line {error.lineno}, column {error.colno} ({error.msg})")
    except RecursionError:
        wrong = _too_complex(_TOO_DEEP)
    except ValueError:  # more digits than Python converts
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
    raise wrong  # here and not where it was found, so that no __context__ holds the body


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
    fractions = False
    for value in container.values() if type(container) is dict else container:
        kind = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind is str:
            continue
        if kind is bytes:
            fractions = True
        elif kind is dict or kind is list:
            if depth == MAX_DEPTH:
                raise _too_complex(_TOO_DEEP)
            complete(value, depth + 1)
    if fractions:
        for key, value in container.items() if type(container) is dict else enumerate(container):
            if type(value) is bytes:
                container[key] = number = float(value)
                if not isfinite(number):
                    raise _not_json(_NO_NUMBER)


def read_object(data: bytes) -> dict[str, object]:
    """Read the one JSON object in the bytes. Raises as ``decode`` and ``complete`` do."""
    fields = decode(data)
    complete(fields)
    return fields
