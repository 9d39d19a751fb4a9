"""A rule, what is delivered to try it, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import methodcaller
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from attrs import field, frozen

from ..encryption import Key
from ..testing._reading import Reading
from ._http import Request, Response
from ._outcome import Consequence, Problem

if TYPE_CHECKING:
    from ._bodies import Bodies
    from ._run import Run

How: TypeAlias = Literal["in any order", "in turn", "together", "over one connection"]
"""How the callbacks of a rule go out; in any order, several may go at once."""
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


@frozen
class Rule:
    """A rule that every endpoint has to keep: what delivers and verifies, or else observes the whole run."""

    id: str  # a stable short name
    section: str  # which part of the check it belongs to
    rule: str  # the sentence that has to be true
    point: str  # where the specification says so
    why: str  # what it costs the partner if the sentence is false
    deliveries: Callable[[Bodies], Deliveries] | None = field(default=None, repr=False)
    how: How = ANY_ORDER
    needs: str = ""  # the settings without which it cannot run
    observer: Callable[[Run], Problems] | None = field(default=None, repr=False)


RULES: list[Rule] = []
"""Every rule, in the order of the modules."""
_D = TypeVar("_D", bound=Callable[["Bodies"], Deliveries])
_O = TypeVar("_O", bound=Callable[["Run"], Problems])


def rule(name: str, point: str, why: str, *, how: How = ANY_ORDER, needs: str = "") -> Callable[[_D], _D]:
    """Make a rule of what yields its deliveries. The docstring is the sentence."""

    def add(made: _D) -> _D:
        RULES.append(Rule(name, *_told(made), point, why, made, how, needs))
        return made

    return add


def observer(name: str, point: str, why: str) -> Callable[[_O], _O]:
    """Make a rule of what yields the problems of a whole run. The docstring is the sentence."""

    def add(made: _O) -> _O:
        RULES.append(Rule(name, *_told(made), point, why, observer=made))
        return made

    return add


def catalogue(section: str, *kinds: tuple[str, str, str, str]) -> None:
    """Make a rule of all bad bodies of each kind, which is its id: with sentence, point and why."""
    for kind, sentence, point, why in kinds:
        RULES.append(Rule(kind, section, sentence, point, why, methodcaller("catalogue", kind)))


def _told(made: Callable[..., object]) -> tuple[str, str]:
    section = made.__module__.rpartition(".")[2].replace("_", " ")
    return section, str(made.__doc__).removesuffix(".")
