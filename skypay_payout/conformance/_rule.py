"""A rule, what is delivered to try it, and what comes back."""

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from operator import methodcaller
from typing import Any, Literal, TypeAlias, TypeVar

from attrs import field, frozen

from ..encryption import Key
from ..testing._reading import Reading
from ._http import Request, Response
from ._outcome import Consequence, Problem

How: TypeAlias = Literal["in any order", "in turn", "together", "over one connection", "observing"]
"""How the callbacks of a rule go out; in any order, several may go at once. An observer delivers none."""
ANY_ORDER: How = "in any order"
Expected: TypeAlias = Literal["acknowledged", "rejected", "rejected or closed", "unacknowledged", "anything"]


@frozen
class Delivery:
    """One callback of a rule, and what has to come back."""

    what: str  # what is special about it, for messages
    request: Request
    expected: Expected
    text: bytes = field(default=b"", repr=False)  # before encryption
    key: Key | None = None  # that encrypted it
    near: tuple[str, ...] = field(default=(), repr=False)  # what it sent as its secret and is nearly one
    payout: str = ""  # the control number that no other callback has, whatever stands in the body
    lenient: tuple[Consequence, ...] = ()  # what is worth a warning only


@frozen
class Rule:
    """A rule that every endpoint has to keep."""

    id: str  # a stable short name
    section: str  # which part of the check it belongs to
    rule: str  # the sentence that has to be true
    point: str  # where the specification says so
    why: str  # what it costs the partner if the sentence is false
    made: Callable[[Any], Iterator[Any]] = field(repr=False)  # of bodies: deliveries; of a run: problems
    how: How = ANY_ORDER
    needs: str = ""  # the settings without which it cannot run


@frozen
class Seen:
    """One exchange."""

    rule: Rule
    delivery: Delivery
    response: Response
    reading: Reading | None  # of the response to what has to be acknowledged

    @property
    def acknowledged(self) -> bool:
        """Whether it had to be acknowledged, and was."""
        return self.reading is not None and not self.reading.failure

    @property
    def name(self) -> str:
        """Which callback of the run it is."""
        return f"{self.rule.id}, {self.delivery.what}" if self.delivery.what else self.rule.id


Deliveries: TypeAlias = Iterator[Delivery]
Problems: TypeAlias = Iterator[Problem]
_M = TypeVar("_M", bound=Callable[..., Deliveries] | Callable[..., Problems])
RULES: list[Rule] = []
"""Every rule, in the order of the modules."""


def rule(name: str, point: str, why: str, *, how: How = ANY_ORDER, needs: str = "") -> Callable[[_M], _M]:
    """Make a rule of what yields its deliveries. The docstring is the sentence."""

    def add(made: _M) -> _M:
        section = made.__module__.rpartition(".")[2].replace("_", " ")
        sentence = str(made.__doc__).removesuffix(".")
        RULES.append(Rule(name, section, sentence, point, why, made, how, needs))
        return made

    return add


observer = partial(rule, how="observing")  # makes a rule of what yields the problems of a whole run


def catalogue(section: str, *kinds: tuple[str, str, str, str]) -> None:
    """Make a rule of all bad bodies of each kind, which is its id: with sentence, point and why."""
    for kind, sentence, point, why in kinds:
        RULES.append(Rule(kind, section, sentence, point, why, methodcaller("catalogue", kind)))


def selected(only: str | Iterable[str]) -> list[Rule]:
    """Return the rules of these names, in their order; all of them for none. Raises ``ValueError``."""
    patterns = [only] if isinstance(only, str) else list(only)
    for pattern in patterns:
        if not any(fnmatchcase(rule.id, pattern) for rule in RULES):
            raise ValueError(f"expected the name of a rule, got {pattern!r}; see the list of rules")
    return [rule for rule in RULES if any(fnmatchcase(rule.id, pattern) for pattern in patterns or ["*"])]
