"""A body as it came off the wire, read into one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import isinf
from typing import NoReturn

from ._errors import ErrorCode, MalformedBodyError

MAX_DEPTH = 64
"""How deep objects and arrays may be nested: whatever was read can then be copied and pickled."""

_WHITESPACE = " \t\n\r"
_UNTIDY = _WHITESPACE + ","
_TOO_DEEP = f"nested more than {MAX_DEPTH} deep"


class _MemberTwice(Exception):
    pass


class _OutOfRange(Exception):
    pass


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _MemberTwice
    return members


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise _OutOfRange
    return number


def _no_constant(_name: str) -> NoReturn:
    raise _OutOfRange


_decode: Callable[[str, int], tuple[dict[str, object], int]] = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_finite, parse_constant=_no_constant
).raw_decode


def to_bytes(body: bytes | str | Mapping[str, object], limit: int) -> bytes:
    """The body as the bytes that were sent, whatever the framework made of it (point 9).

    A mapping is written out again, without white space, so that it meets the same rules as the text that it
    was.

    Raises ``MalformedBodyError`` (``too_large``, ``not_utf8``, ``not_json``), and ``TypeError`` if the body
    is no bytes, str or mapping at all.
    """
    data = body if type(body) is bytes else _encoded(body)
    if isinstance(data, MalformedBodyError):
        raise data
    if len(data) > limit:
        raise MalformedBodyError(
            ErrorCode.TOO_LARGE, f"the body has {len(data)} bytes; expected at most {limit} (max_body_size)"
        )
    return data


def _encoded(body: bytes | str | Mapping[str, object]) -> bytes | MalformedBodyError:
    if not isinstance(body, (bytes, str, Mapping)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"a body is bytes, str or a mapping, not {type(body).__name__}; pass what was received"
        )
    if isinstance(body, bytes):
        return b"".join((body,))
    try:
        text = body if isinstance(body, str) else _written(body)
    except Exception:  # whatever a mapping's own code raises
        return MalformedBodyError(ErrorCode.NOT_JSON, "the mapping holds something that is not JSON")
    try:
        return str.encode(text)  # not text.encode(): a subclass may have its own
    except UnicodeEncodeError as error:
        return MalformedBodyError(
            ErrorCode.NOT_UTF8, f"half of a surrogate pair at character {error.start}; expected text"
        )


def _written(mapping: Mapping[str, object]) -> str:
    members = dict(mapping)
    if set(map(type, members)) - {str}:
        raise TypeError
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def to_text(data: bytes) -> str:
    """The text that the bytes are (point 9). Raises ``MalformedBodyError`` (``not_utf8``)."""
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        wrong = MalformedBodyError(
            ErrorCode.NOT_UTF8, f"not UTF-8 at byte {error.start}; expected UTF-8 text"
        )
    # Raised here and not where it was found, so that no __context__ carries the body along.
    raise wrong


def read(text: str) -> dict[str, object]:
    """The one JSON object that the text holds (points 1, 8 and 9).

    Raises ``MalformedBodyError`` (``not_json``, ``not_an_object``, ``member_twice``). Its message tells
    where, but quotes nothing: nobody knows yet whether the body holds a secret.
    """
    wrong: MalformedBodyError
    try:
        text, start = _tidied(text)
        payload, end = _decode(text, start)
    except json.JSONDecodeError as error:
        wrong = _not_json(f"{error.msg} at line {error.lineno}, column {error.colno}")
    except _MemberTwice:
        wrong = MalformedBodyError(
            ErrorCode.MEMBER_TWICE, "an object holds a member twice; expected each member once"
        )
    except RecursionError:
        wrong = _not_json(_TOO_DEEP)
    except (_OutOfRange, ValueError):  # ValueError: an integer of more digits than the interpreter converts
        wrong = _not_json("NaN, Infinity or a number that is out of range")
    else:
        if end != len(text):
            wrong = _not_json(f"more behind its end at character {end}")
        elif type(payload) is not dict:
            wrong = MalformedBodyError(
                ErrorCode.NOT_AN_OBJECT, "the body is JSON but not an object; expected one object in braces"
            )
        # Callbacks are flat: with so few brackets, nothing can be deep, and no value has to be looked at.
        elif text.count("[") + text.count("{") > MAX_DEPTH and _is_deep(payload):
            wrong = _not_json(_TOO_DEEP)
        else:
            return payload
    raise wrong  # here for the same reason as in to_text


def _not_json(problem: str) -> MalformedBodyError:
    return MalformedBodyError(ErrorCode.NOT_JSON, f"not JSON: {problem}; expected the body as SkyPay sent it")


def _is_deep(payload: Mapping[str, object]) -> bool:
    level: list[Mapping[str, object] | list[object]] = [payload]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def _tidied(text: str) -> tuple[str, int]:
    """The text without what is tolerated at its end and in it, and where the object in it begins.

    That is white space, a byte order mark (point 9) and the one comma before the last brace (point 1).
    """
    if text[:1] == "{" and text[-1:] == "}" and text[-2:-1] not in _UNTIDY:
        return text, 0
    start = len(text) - len(text.removeprefix("\ufeff").lstrip(_WHITESPACE))
    text = text.rstrip(_WHITESPACE)
    if text.endswith("}"):
        members = text[:-1].rstrip(_WHITESPACE)
        if members.endswith(",") and not members[:-1].rstrip(_WHITESPACE).endswith("{"):
            text = members[:-1] + "}"
    return text, start
