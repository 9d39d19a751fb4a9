"""A body as it was received, read into one JSON object, and JSON values of callers, copied.

This is the only JSON reader for received text. Size and nesting are the only limits (point 9).
"""

import json
from collections.abc import Callable
from contextlib import suppress
from math import isfinite
from typing import Any, NoReturn, cast

from ._errors import ErrorCode, MalformedBodyError
from ._formatting import quoted

_SPACE = " \t\n\r"
MAX_DEPTH = 64
"""Levels of objects and arrays, the outermost included: what was read can be copied and pickled."""

_NESTING = f"at most {MAX_DEPTH} levels of objects and arrays"


def _not_json(problem: str) -> MalformedBodyError:
    return MalformedBodyError(ErrorCode.NOT_JSON, f"expected JSON as SkyPay sends it, got {problem}")


def _too_deep() -> MalformedBodyError:
    return MalformedBodyError(ErrorCode.TOO_DEEP, f"expected {_NESTING}, got more")


def _fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    raise MalformedBodyError(ErrorCode.DUPLICATE_FIELD, "expected each field once, got one of them twice")


def _float(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _no_number()


def _no_number(_: str = "") -> NoReturn:
    raise _not_json("NaN, Infinity or a number that is too large")


_decode: Callable[[str], tuple[dict[str, object], int]] = json.JSONDecoder(
    object_pairs_hook=_fields, parse_float=_float, parse_constant=_no_number
).raw_decode


def to_bytes(body: bytes | bytearray | memoryview | str, limit: int) -> bytes:
    """Return the body as the bytes that were sent, or raise ``MalformedBodyError`` (``too_large``)."""
    if isinstance(body, str):
        # Lone surrogates become bytes that are no UTF-8. Not body.encode(): a subclass may have its own.
        body = str.encode(body[: limit + 1], errors="surrogatepass")
    if type(body) is bytes and len(body) <= limit:
        return body
    try:
        view = memoryview(cast("bytes", body))
    except TypeError:
        got = f"{type(body).__name__}: pass what was received, since decoding hides duplicate fields"
        raise TypeError(f"expected the raw body as bytes or str, got {got}") from None
    if view.nbytes <= limit:
        return view.tobytes()
    raise MalformedBodyError(ErrorCode.TOO_LARGE, f"expected at most {limit} bytes (max_body_size), got more")


def decode(data: bytes) -> dict[str, object]:
    """Read the one JSON object in the bytes, or raise ``MalformedBodyError`` (points 1, 8 and 9).

    Its message says where, but quotes nothing: that may be a secret.
    """
    try:
        text = data.decode().removeprefix("\ufeff").strip(_SPACE)
        if not text:
            raise MalformedBodyError(ErrorCode.EMPTY_BODY, "expected a callback, got an empty body")
        before = text[:-1].rstrip(_SPACE)
        if before.endswith(",") and text.endswith("}") and not before[:-1].rstrip(_SPACE).endswith("{"):
            text = before[:-1] + "}"
        value, end = _decode(text)
    except UnicodeDecodeError as error:
        message = f"expected UTF-8, got another byte at position {error.start}"
        raise MalformedBodyError(ErrorCode.NOT_UTF8, message) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _not_json(f"a syntax error at {place} ({error.msg})") from None
    except MalformedBodyError:
        raise
    except RecursionError:  # before Python 3.14, beyond about a thousand levels, those of the caller included
        if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
            raise
        raise _too_deep() from None
    except ValueError:  # an integer of more digits than Python converts
        _no_number()
    if end != len(text):
        raise _not_json(f"more text after the end at character {end}")
    if type(value) is dict:
        return value
    raise MalformedBodyError(ErrorCode.NOT_AN_OBJECT, "expected one JSON object, got another JSON value")


def collect(container: Any, texts: list[str], depth: int = 1) -> None:
    """Add the names, texts and numbers in an object or array; raise ``MalformedBodyError`` (``too_deep``)."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    if type(container) is dict:
        texts += container
        container = container.values()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    for value in container:
        kind = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind is str:
            texts.append(value)
        elif kind is dict or kind is list:
            collect(value, texts, depth + 1)
        else:
            texts.append(str(value))


def json_copy(value: Any, name: str | None = None, depth: int = 1) -> Any:
    """Return a copy of a JSON value that shares nothing with it and has plain built-in types only.

    Raises ``ValueError`` naming the field, for a value that JSON does not have, and for more than 64 levels.
    """
    if isinstance(value, (dict, list)):
        if depth > MAX_DEPTH:
            raise ValueError(f"{_described(name)}: expected {_NESTING}, got more")
        if isinstance(value, list):
            return [json_copy(item, name, depth + 1) for item in cast("list[object]", value)]
        copy: dict[str, object] = {}
        for key, item in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                got = type(key).__name__
                raise ValueError(f"{_described(name)}: expected texts as names of fields, got {got}")
            copy[str.__str__(key)] = json_copy(item, key if depth == 1 else name, depth + 1)
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
    raise ValueError(f"{_described(name)}: expected a value that JSON has, got {type(value).__name__}")


def _described(name: str | None) -> str:
    return "fields" if name is None else f"field {quoted(name)}"
