"""What a case of the conformance check is made of: rules, deliveries, and the bodies of one account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count
from secrets import randbelow
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import Factory, field, frozen

from .._control_number import ControlNumber
from .._parser import CallbackParser
from .._pay_type import PayType
from .._results import Accepted
from .._times import SKYPAY_ZONE
from ..testing import encode, payload
from ._delivery import Request
from ._verification import ciphers

if TYPE_CHECKING:
    from ..encryption import BodyCipher


PLAIN = "bodies are plain"
TOGETHER = 8
"""Callbacks that are sent at once: within what the smallest server queues."""
How: TypeAlias = Literal["in any order", "in turn", "together", "over one connection"]
"""How the callbacks of a case go out; in any order, several may go at once."""

Fields = dict[str, object]


class Skip(Exception):
    """The settings cannot show the case; the message says why."""


@frozen
class Delivery:
    """One callback of a case, and what has to come back."""

    what: str
    """What is special about it, for messages."""
    request: Request
    expected: Literal["acknowledged", "rejected", "anything"]
    cipher: BodyCipher | None = None
    """What encrypted it, with one key."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What it sent as its secret."""
    fields: Fields | None = field(default=None, repr=False)
    """What a body that has to be rejected says."""
    may_close: bool = False
    """The endpoint may close the connection instead of rejecting."""


@frozen
class Rule:
    """A rule that every endpoint has to keep."""

    id: str
    """A stable short name."""
    rule: str
    """The sentence that has to be true."""
    point: str
    """Where the specification says so."""
    why: str
    """What it costs the partner if the sentence is false."""


@frozen
class Case(Rule):
    """A rule, and the callbacks that show whether it is kept."""

    deliveries: Callable[[Bodies], Iterable[Delivery]] = field(repr=False)
    """What to deliver. Raises ``Skip``."""
    how: How = "in any order"


def _keys(bodies: Bodies) -> tuple[BodyCipher, ...]:
    return ciphers(bodies.parser)


def _each_second() -> Iterator[datetime]:
    start = datetime.now(SKYPAY_ZONE) - timedelta(hours=3)
    return (start + timedelta(seconds=passed) for passed in count())


def _serials() -> Iterator[int]:
    return count(randbelow(900_000_000))


@frozen
class Bodies:
    """Makes the bodies of one account, each an event of its own of a payout of its own."""

    parser: CallbackParser
    control_number: ControlNumber | None
    """The payout of every callback, where the endpoint wants one that it knows."""
    keys: tuple[BodyCipher, ...] = field(init=False, default=Factory(_keys, takes_self=True))
    """A cipher for each key, oldest first; empty where bodies are plain."""
    _seconds: Iterator[datetime] = field(init=False, factory=_each_second)
    _serials: Iterator[int] = field(init=False, factory=_serials)

    @property
    def user_name(self) -> str:
        return self.parser.credentials[0].user_name

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.parser.credentials[0].authentication

    @property
    def prefix(self) -> str:
        prefixes = self.parser.credentials[0].prefixes
        return min(prefixes) if prefixes else "SK991"

    @property
    def older_keys(self) -> range:
        """The index of each key but the newest. Raises ``Skip`` if there is none."""
        if not self.keys:
            raise Skip(PLAIN)
        if len(self.keys) == 1:
            raise Skip("only one key is configured")
        return range(len(self.keys) - 1)

    def payout(self) -> str:
        """The control number of a payout that was not told of before."""
        return self.control_number or f"{self.prefix}{next(self._serials):09}"

    def time(self) -> datetime:
        """A second of the last hours that no other event has."""
        return next(self._seconds)

    def fields(self, status: int = PayType.UPLOAD, /, **changes: object) -> Fields:
        """The fields of a good callback, with ``changes``."""
        own: Fields = {
            "userName": self.user_name,
            "authentication": self.secrets[-1],
            "dealTime": f"{self.time():%Y-%m-%d %H:%M:%S}",
        }
        if "controlNumber" not in changes:
            own["controlNumber"] = self.payout()
        return payload(status, **(own | changes))

    def good(self, what: str = "", status: int = PayType.UPLOAD, /, **changes: object) -> Delivery:
        """A callback that has to be acknowledged."""
        return self.acknowledged(what, encode(self.fields(status, **changes)))

    def acknowledged(self, what: str, text: bytes, *, key: int = -1) -> Delivery:
        """A text that has to be acknowledged, under the key at this index."""
        cipher = self.keys[key] if self.keys else None
        return Delivery(what, Request(self.encrypted(text, key)), "acknowledged", cipher)

    def encrypted(self, text: bytes, key: int = -1) -> bytes:
        """The text as a body."""
        return self.keys[key].encrypt(text) if self.keys else text

    def other(self, text: str) -> str:
        """The text, changed until it is no secret and no account."""
        accounts = self.parser.credentials
        known = {
            *(one.user_name for one in accounts),
            *(secret for one in accounts for secret in one.authentication),
        }
        while text in known:
            text += "0"
        return text

    def needs_keys(self) -> None:
        """Raise ``Skip`` where bodies are plain."""
        if not self.keys:
            raise Skip(PLAIN)

    def wrong(self, what: str, status: int = PayType.UPLOAD, /, **changes: object) -> Delivery:
        """A callback that has to be rejected for its account or secret."""
        return self.rejected(what, self.fields(status, **changes))

    def rejected(self, what: str, text: bytes | Fields) -> Delivery:
        """A text that has to be rejected."""
        if isinstance(text, bytes):
            return Delivery(what, Request(self.encrypted(text)), "rejected")
        secret = text.get("authentication")
        secrets = (secret,) if isinstance(secret, str) else ()
        return Delivery(what, Request(self.encrypted(encode(text))), "rejected", secrets=secrets, fields=text)

    def event(self, delivery: Delivery) -> str:
        """The idempotency key of what a delivery reports, whoever sent it; ``""`` if that is invalid."""
        body = delivery.request.body
        if delivery.fields is not None:
            right = {"userName": self.user_name, "authentication": self.secrets[-1]}
            body = self.encrypted(encode(delivery.fields | right))
        result = self.parser.receive(body)
        return result.callback.idempotency_key if isinstance(result, Accepted) else ""
