"""Arguments: one value or several during a rotation, and texts that a body can carry."""

from collections.abc import Sequence
from math import inf
from typing import TypeVar, cast

_T = TypeVar("_T")


def as_tuple(name: str, value: object, kind: type[_T]) -> tuple[_T, ...]:
    """Return one value, or a sequence of values in its order, as a tuple.

    Raises ``TypeError`` for another type, such as a set, which has no order, and ``ValueError`` for no value.
    """
    expected = f"{name}: expected one {kind.__name__} or a sequence of them, oldest first, got"
    if isinstance(value, kind):
        return (value,)
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray)):
        raise TypeError(f"{expected} {type(value).__name__}")
    items = tuple(cast("Sequence[object]", value))
    if not items:
        raise ValueError(f"{expected} none")
    for item in items:
        if not isinstance(item, kind):
            raise TypeError(f"{expected} {type(item).__name__} in it")
    return cast("tuple[_T, ...]", items)


def as_text(name: str, value: str, most: float = inf) -> str:
    """Return the text. Raises ``TypeError`` or ``ValueError``, without the text: it may be a secret."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name}: expected a str, got {type(value).__name__}")
    if not value:
        raise ValueError(f"{name}: expected text, got none: is its setting filled in?")
    if len(value) > most:
        raise ValueError(f"{name}: expected at most {most} characters, got {len(value)}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{name}: expected text, got a lone surrogate, which no body can carry")
    return value
