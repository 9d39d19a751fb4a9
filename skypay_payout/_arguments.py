"""Arguments: one value or several during a rotation, and texts that a body can carry."""

from collections.abc import Iterable
from math import inf
from typing import TypeVar, cast

_T = TypeVar("_T")


def as_tuple(name: str, value: object, kind: type[_T]) -> tuple[_T, ...]:
    """Return the argument as a tuple. Raises ``TypeError`` for another type and ``ValueError`` for none."""
    items: tuple[object, ...] = (value,)
    if isinstance(value, Iterable) and not isinstance(value, kind):
        items = tuple(cast("Iterable[object]", value))
    if not items:
        raise ValueError(f"{name}: expected one {kind.__name__} or several, got none")
    for item in items:
        if not isinstance(item, kind):
            raise TypeError(f"{name}: expected one {kind.__name__} or several, got {type(item).__name__}")
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
        raise ValueError(f"{name}: expected text, got half of a surrogate pair, which no body can carry")
    return value
