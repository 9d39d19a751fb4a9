"""Arguments that are one thing, or several during a rotation."""

from __future__ import annotations

from collections.abc import Iterable
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
