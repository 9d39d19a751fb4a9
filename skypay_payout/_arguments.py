"""Arguments that are one thing, or several of it while it is being changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, cast

_T = TypeVar("_T")


def one_or_several(name: str, value: object, kind: type[_T]) -> tuple[_T, ...]:
    """The argument as a tuple. Raises ``TypeError`` for another type and ``ValueError`` for none at all."""
    items: tuple[object, ...] = (value,)
    if isinstance(value, Iterable) and not isinstance(value, kind):
        items = tuple(cast("Iterable[object]", value))
    if not items:
        raise ValueError(f"{name} is empty; give one {kind.__name__} or several")
    for item in items:
        if not isinstance(item, kind):
            raise TypeError(f"{name} is one {kind.__name__} or several, not {type(item).__name__}")
    return cast("tuple[_T, ...]", items)
