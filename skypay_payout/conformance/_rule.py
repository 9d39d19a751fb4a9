"""A rule, what is delivered to try it, and what can come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import cleandoc
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from attrs import field, frozen

from ._acknowledgement import Reading
from ._http import DeliveryError, HttpResponse, Request
from ._outcome import Consequence, Problem, Skip

if TYPE_CHECKING:
    from ..encryption import Key
    from ._bodies import Bodies
    from ._run import Run

How: TypeAlias = "Literal['in any order', 'in turn', 'together', 'over one connection']"
"""How the callbacks of a rule go out; in any order, several may go at once."""
Fields: TypeAlias = "dict[str, object]"


@frozen
class Delivery:
    """One callback of a rule, and what has to come back."""

    what: str
    """What is special about it, for messages."""
    request: Request
    expected: Literal["acknowledged", "rejected", "unacknowledged", "anything"]
    key: Key | None = None
    """What encrypted it."""
    text: bytes = field(default=b"", repr=False)
    """The text before encryption."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What it sent as its secret, where that is nearly a real one."""
    genuine: bool = True
    """SkyPay may send it: False where the sender is not authenticated, or the text is malformed."""
    payout: str = ""
    """The control number of a bad body, which no other callback has, whatever stands in the body."""
    may_close: bool = False
    """The endpoint may close the connection instead of rejecting."""
    lenient: tuple[Consequence, ...] = ()
    """What is worth a warning only."""


@frozen
class Seen:
    """One exchange."""

    rule: Rule
    delivery: Delivery
    response: HttpResponse | DeliveryError
    reading: Reading | None = None
    """What the response to a good callback says; None for others."""

    @property
    def acknowledged(self) -> bool:
        """Whether it had to be acknowledged, and was."""
        return self.reading is not None and not self.reading.failure


class Observer:
    """A rule over the whole run."""

    seconds: float = 0.0
    """How long the slowest response took, where the rule is about that."""
    note = ""
    """What a passed run could not detect."""

    def saw(self, seen: Seen) -> None:
        """Take note of one exchange."""

    def results(self, run: Run) -> Iterable[Problem]:
        """Yield what is wrong, at the end. Raises ``Skip`` and ``Inconclusive``."""
        raise NotImplementedError


Deliveries: TypeAlias = "Callable[[Bodies], Iterator[Delivery]]"


@frozen
class Rule:
    """A rule that every endpoint has to keep."""

    id: str
    """A stable short name."""
    section: str
    """Which part of the check it belongs to."""
    rule: str
    """The sentence that has to be true."""
    point: str
    """Where the specification says so."""
    why: str
    """What it costs the partner if the sentence is false."""
    deliveries: Deliveries | None = field(default=None, repr=False)
    """What to deliver; None for an observer."""
    how: How = "in any order"
    observer: Callable[[], Observer] | None = field(default=None, repr=False)
    """What looks at the whole run."""


RULES: list[Rule] = []
"""Every rule, in the order of the modules."""
_D = TypeVar("_D", bound="Deliveries")
_O = TypeVar("_O", bound="type[Observer]")


def rule(id: str, point: str, why: str, *, how: How = "in any order") -> Callable[[_D], _D]:  # noqa: A002
    """Make a rule of what yields its deliveries. The docstring is the sentence."""

    def add(made: _D) -> _D:
        RULES.append(Rule(id, _section(made.__module__), _sentence(made), point, why, made, how))
        return made

    return add


def catalogue(module: str, point: str, why: str, sentences: dict[str, str]) -> None:
    """Make a rule of all bad bodies of each kind. The sentences are by kind, which is the id too."""
    for kind, sentence in sentences.items():

        def made(bodies: Bodies, kind: str = kind) -> Iterator[Delivery]:
            deliveries = list(bodies.bad(kind))
            if not deliveries:
                raise Skip("bodies are plain")
            yield from deliveries

        RULES.append(Rule(kind, _section(module), sentence, point, why, made))


def observer(id: str, point: str, why: str) -> Callable[[_O], _O]:  # noqa: A002
    """Make a rule of what looks at the whole run. The docstring is the sentence."""

    def add(made: _O) -> _O:
        RULES.append(Rule(id, _section(made.__module__), _sentence(made), point, why, observer=made))
        return made

    return add


def _section(module: str) -> str:
    return module.rpartition(".")[2].replace("_", " ")


def _sentence(made: Callable[..., object]) -> str:
    return " ".join(cleandoc(made.__doc__ or "").split()).removesuffix(".")
