"""The bodies of one account: good ones, wrong ones, and those of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from itertools import count
from secrets import randbelow
from typing import TYPE_CHECKING

from attrs import Factory, define, evolve, field

from .._control_number import ControlNumber
from .._parser import CallbackParser
from .._pay_type import PayType
from .._times import SKYPAY_ZONE
from ..testing import BadBody, bad_bodies, encode, payload
from ._http import Request
from ._misreading import aes_keys, decrypted
from ._outcome import Skip
from ._rule import Delivery, Fields

if TYPE_CHECKING:
    from ..encryption import Key

PLAIN = "bodies are plain"
TOGETHER = 8
"""Callbacks that are sent at once: within what the smallest server queues."""
_SERIALS = 8000
"""Control numbers that a run may use: the first quarter is the catalogue's."""


def _each_second() -> Iterator[datetime]:
    start = datetime.now(SKYPAY_ZONE) - timedelta(hours=3)
    return (start + timedelta(seconds=passed) for passed in count())


def _after_the_catalogue(bodies: Bodies) -> Iterator[int]:
    return count(bodies.start + _SERIALS // 4)


@define(slots=False)
class Bodies:
    """Makes the bodies of one account, each an event of its own of a payout of its own."""

    parser: CallbackParser
    control_number: ControlNumber | None
    """The payout of every callback, where the endpoint wants one that it knows."""
    _seconds: Iterator[datetime] = field(init=False, factory=_each_second)
    start: int = field(init=False, factory=lambda: randbelow(10**9 // _SERIALS) * _SERIALS)
    _serials: Iterator[int] = field(init=False, default=Factory(_after_the_catalogue, takes_self=True))

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys, oldest first; empty where bodies are plain."""
        return self.parser.cipher.keys if self.parser.cipher else ()

    @property
    def user_name(self) -> str:
        """The account."""
        return self.parser.credentials[0].user_name

    @property
    def secrets(self) -> tuple[str, ...]:
        """Its secrets, oldest first."""
        return self.parser.credentials[0].authentication

    @property
    def prefix(self) -> str:
        """A prefix of its control numbers."""
        prefixes = self.parser.credentials[0].prefixes
        return min(prefixes) if prefixes else "SK991"

    @property
    def older_keys(self) -> range:
        """The index of each key but the newest. Raises ``Skip`` if there is none."""
        self.needs_keys()
        if len(self.keys) == 1:
            raise Skip("only one key is configured")
        return range(len(self.keys) - 1)

    def needs_keys(self) -> None:
        """Raise ``Skip`` where bodies are plain."""
        if not self.keys:
            raise Skip(PLAIN)

    def needs_any_payout(self) -> None:
        """Raise ``Skip`` where every callback has to report the same payout."""
        if self.control_number:
            raise Skip("--control-number names one payout")

    def serial(self) -> str:
        """Nine digits that no other payout has."""
        return f"{next(self._serials):09}"

    def payout(self) -> str:
        """The control number of a payout that was not reported before."""
        return self.control_number or f"{self.prefix}{self.serial()}"

    def time(self) -> datetime:
        """A second of the last hours that no other event has."""
        return next(self._seconds)

    def moment(self) -> str:
        """The same, in the documented form."""
        return f"{self.time():%Y-%m-%d %H:%M:%S}"

    def fields(self, status: int = PayType.UPLOAD, /, **changes: object) -> Fields:
        """The fields of a good callback, with ``changes``."""
        own: Fields = {
            "userName": self.user_name,
            "authentication": self.secrets[-1],
            "dealTime": self.moment(),
        }
        if "controlNumber" not in changes:
            own["controlNumber"] = self.payout()
        return payload(status, **(own | changes))

    def good(self, what: str = "", status: int = PayType.UPLOAD, /, **changes: object) -> Delivery:
        """A callback that has to be acknowledged."""
        return self.acknowledged(what, encode(self.fields(status, **changes)))

    def acknowledged(self, what: str, text: bytes, *, key: int = -1) -> Delivery:
        """A text that has to be acknowledged, under the key at this index."""
        own = self.keys[key] if self.keys else None
        return Delivery(what, Request(self.encrypted(text, key)), "acknowledged", own, text)

    def encrypted(self, text: bytes, key: int = -1) -> bytes:
        """The text as a body."""
        return self.keys[key].encrypt(text) if self.keys else text

    def wrong(self, what: str, status: int = PayType.UPLOAD, /, **changes: object) -> Delivery:
        """A callback that has to be rejected for its account or secret."""
        return self.rejected(what, encode(self.fields(status, **changes)))

    def rejected(self, what: str, text: bytes | Fields) -> Delivery:
        """A text that has to be rejected."""
        text = text if isinstance(text, bytes) else encode(text)
        return Delivery(what, Request(self.encrypted(text)), "rejected", text=text, genuine=False)

    def raw(self, what: str, body: bytes, text: bytes = b"") -> Delivery:
        """A body that has to be rejected as it is, never encrypted."""
        return Delivery(what, Request(body), "rejected", text=text, genuine=False)

    def other(self, text: str) -> str:
        """The text, changed until it is no secret and no account."""
        accounts = self.parser.credentials
        known = {one.user_name for one in accounts}
        known |= {secret for one in accounts for secret in one.authentication}
        while text in known:
            text += "0"
        return text

    def probes(self) -> Iterator[Delivery]:
        """Good callbacks of every kind, of which an endpoint that works at all acknowledges one."""
        for status in PayType:
            yield self.good(status.name, status)
            yield self.good(f"{status.name} as a number", status, payType=int(status))
        yield self.good("UPLOAD in the morning", dealTime="2018-08-07 11:58:33")
        for serial in () if self.control_number else (self.serial()[1:], f"{self.serial()}0"):
            number = self.prefix + serial
            yield self.good(
                f"UPLOAD with {len(number)} characters in its controlNumber", controlNumber=number
            )

    @cached_property
    def _catalogue(self) -> tuple[BadBody, ...]:
        return bad_bodies(self.parser, serial=self.start)

    def bad(self, *kinds: str) -> Iterator[Delivery]:
        """Those of the catalogue that are of these kinds, with the response that each must get."""
        for bad in self._catalogue:
            if bad.kind not in kinds:
                continue
            plain = (decrypted(bad.body, key) for key in aes_keys(self.parser.cipher))
            text = next(filter(None, plain), bad.body)
            if bad.status == 200:
                yield evolve(
                    self.acknowledged(bad.name, text), request=Request(bad.body), payout=bad.control_number
                )
            else:
                near = (_secret_in(text),) if bad.kind == "secret-near" else ()
                secrets = tuple(one for one in near if one and one != self.user_name)
                yield evolve(self.raw(bad.name, bad.body, text), secrets=secrets, payout=bad.control_number)


def _secret_in(text: bytes) -> str:
    value: object = json.loads(text).get("authentication")
    return value if isinstance(value, str) else ""
