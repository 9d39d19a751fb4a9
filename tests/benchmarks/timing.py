"""Time all groups in this process and print the seconds of CPU per call: ``... timing ROUNDS SECONDS``."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from itertools import repeat
from random import Random
from time import process_time
from typing import TypeAlias

from attrs import frozen

from skypay_payout import Accepted, CallbackParser, PayoutCallback, Rejected
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, ENCRYPTION_KEY

from .bodies import FORMS, grown
from .expensive import EXPENSIVE
from .peers import by_pydantic

LARGE = 61_440
"""Bytes of a body with many extra fields."""
_TEXT = json.dumps("x\n余" * 10_500, ensure_ascii=False).encode()


@frozen
class Subject:
    """One call, and whether its result is right."""

    call: Callable[[], object]
    is_right: Callable[[object], bool]


Group: TypeAlias = Mapping[str, Subject]
"""Subjects by name that take turns. The ratios of all are to the first one."""


def _is_a(*kinds: type) -> Callable[[object], bool]:
    return lambda result: isinstance(result, kinds)


def told(callback: object) -> tuple[object, ...]:
    """Return what a typed callback says, whoever made it. Raises ``AttributeError`` if it is none."""
    names = ("user_name", "control_number", "pay_type", "deal_time", "fail_description", "reference_number")
    return tuple(getattr(callback, name) for name in names)


def _form(body: bytes) -> Group:
    ours = CallbackParser(CREDENTIALS).parse
    expected = ours(body)

    def is_right(result: object) -> bool:
        extra = getattr(result, "model_extra", None) or getattr(result, "extra", {})
        return told(result) == told(expected) and extra == expected.extra

    return {
        "pydantic": Subject(partial(by_pydantic.parse, body), is_right),
        "skypay-payout": Subject(partial(ours, body), is_right),
    }


def _text() -> Group:
    body = FORMS["sample's order"][:-1] + b',"failDescription":' + _TEXT + b"}"
    return {
        "json.loads": Subject(partial(json.loads, body), _is_a(dict)),
        "skypay-payout": Subject(partial(CallbackParser(CREDENTIALS).parse, body), _is_a(PayoutCallback)),
    }


def _unauthenticated() -> Group:
    receive = CallbackParser(CREDENTIALS).receive
    cipher, other = BodyCipher(ENCRYPTION_KEY), BodyCipher("fedcba9876543210")
    encrypted = CallbackParser(CREDENTIALS, cipher=cipher).receive
    size = 48_000
    bodies = {
        "encrypted: an unknown key": other.encrypt(grown(size)),
        "encrypted: line breaks": b"\r\n" * 32_768,
        "encrypted: no Base64": b"!" * 65_536,
    }
    return (
        {"a valid body with 60 KB of extra fields": Subject(partial(receive, grown(LARGE)), _is_a(Accepted))}
        | {name: Subject(partial(receive, body), _is_a(Rejected)) for name, body in EXPENSIVE.items()}
        | {name: Subject(partial(encrypted, body), _is_a(Rejected)) for name, body in bodies.items()}
    )


def groups() -> Mapping[str, Callable[[], Group]]:
    """Return what makes each group, by name."""
    return (
        {f"form: {name}": partial(_form, body) for name, body in FORMS.items()}
        | {f"large: {LARGE:,} bytes of extra fields": partial(_form, grown(LARGE))}
        | {"text: 64 KB": _text, "unauthenticated": _unauthenticated}
    )


def interleaved(group: Group, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return the seconds of CPU that a call took, in each round.

    All subjects have a turn in every round, in an order that changes, so that whatever else the machine does
    hits all of them alike.

    Raises ``AssertionError`` if a subject does not do its job.
    """
    loops = {name: _loops(name, subject, seconds) for name, subject in group.items()}
    times: dict[str, list[float]] = {name: [] for name in group}
    order, shuffle = list(group), Random(0).shuffle  # noqa: S311
    # What is there now is not collected again and again while others are timed.
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            times[name].append(_turn(group[name].call, loops[name]) / loops[name])
    gc.unfreeze()
    return times


def _turn(call: Callable[[], object], loops: int) -> float:
    start = process_time()
    for _ in repeat(None, loops):
        call()
    return process_time() - start


def _loops(name: str, subject: Subject, seconds: float) -> int:
    if not subject.is_right(subject.call()):
        raise AssertionError(f"{name} does not give what it should")
    loops, took = 1, _turn(subject.call, 1)
    while took < seconds:
        loops = max(2 * loops, int(loops * seconds / max(took, 1e-9)))
        took = _turn(subject.call, loops)
    return loops


if __name__ == "__main__":
    rounds, seconds = int(sys.argv[1]), float(sys.argv[2])
    json.dump({name: interleaved(make(), rounds, seconds) for name, make in groups().items()}, sys.stdout)
