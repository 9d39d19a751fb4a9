"""The wrong endpoints: each makes one mistake that people make, and the cases that have to name it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from tests.conformance.served import Endpoint, Fields, Rejected

STATUSES = ("upload", "payout", "cancel", "failure", "amended-success", "amended-fail")
Made: TypeAlias = Callable[[], Endpoint]

WRONG: dict[str, tuple[Made, frozenset[str]]] = {}
"""By name: what makes the endpoint, and cases that it has to fail."""


def wrong(name: str, cases: str, base: type[Endpoint] = Endpoint, **steps: Any) -> None:
    assert name not in WRONG
    WRONG[name] = (type("Wrong", (base,), steps), frozenset(cases.split()))


def reject(status: int = 400) -> NoReturn:
    raise Rejected(status)


def crash() -> NoReturn:
    raise RuntimeError


def storing(
    name: str, cases: str, check: Callable[[Fields], object], base: type[Endpoint] = Endpoint
) -> None:
    """One that cannot store what the check does not find right."""

    def store(self: Endpoint, fields: Fields) -> None:
        if not check(fields):
            reject()

    wrong(name, cases, base, store=store)


def crashing(name: str, cases: str, use: Callable[[Fields], object]) -> None:
    """One that crashes where the function does."""
    wrong(name, cases, store=lambda self, fields: use(fields))


def status_of(fields: Fields) -> str:
    return str(fields.get("payType"))


def text_of(fields: Fields) -> str:
    return f"{fields.get('failDescription', '')}{fields.get('referenceNumber', '')}"


def known(fields: Fields) -> str:
    return f"{fields.get('controlNumber')}"
