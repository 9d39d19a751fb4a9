"""The bodies of one account: good ones, wrong ones, and those of the catalogue."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cached_property
from itertools import count
from secrets import randbelow

from .._control_number import PREFIX_LENGTH, ControlNumber
from .._json import MAX_DEPTH
from .._parser import CallbackParser
from .._pay_type import PayType
from .._times import SKYPAY_ZONE
from ..encryption import Key
from ..testing import WRONG_AUTHENTICATION, BadBody, bad_bodies, encode
from ..testing._bad_senders import other_than
from ..testing._bodies import payload_for
from ..testing._misreading import aes_keys, decrypted_by
from ._http import Request
from ._outcome import Consequence, Skip
from ._rule import Deliveries, Delivery, Expected
from ._verification import NOT_BY_CHANCE

TOGETHER = 8
"""Callbacks that are sent at once: within what the smallest server queues."""
_SERIALS = 8000
"""Control numbers that a run may use: the first quarter is the catalogue's."""
_LENIENT = {
    "a number out of range": (Consequence.ACKNOWLEDGED,),  # 1e999 is written as JSON
    "a space in the Base64": (Consequence.ACKNOWLEDGED,),  # it may be left of a line that was wrapped
    f"nested {MAX_DEPTH + 1} levels deep": (Consequence.ACKNOWLEDGED,),  # an endpoint may have another limit
    "nested 10,000 levels deep": (Consequence.ACKNOWLEDGED, Consequence.CRASHED),
}
"""Bad bodies that an endpoint may treat otherwise, which is worth a warning."""
Fields = dict[str, object]


class Bodies:
    """Makes the bodies of one account, each an event of its own of a payout of its own."""

    def __init__(self, parser: CallbackParser, control_number: ControlNumber | None = None) -> None:
        self.parser, self.control_number = parser, control_number
        self.account = parser.credentials[0]
        self.secrets = self.account.authentication  # oldest first
        self.keys: tuple[Key, ...] = parser.cipher.keys if parser.cipher else ()
        known = {text for one in parser.credentials for text in (one.user_name, *one.authentication)}
        self.wrong_secret = other_than(known, WRONG_AUTHENTICATION)
        self.prefix = str(payload_for(parser)["controlNumber"])[:PREFIX_LENGTH]
        self._start = randbelow(10**9 // _SERIALS) * _SERIALS
        self._serials = count(self._start + _SERIALS // 4)
        self._first, self._seconds = datetime.now(SKYPAY_ZONE) - timedelta(hours=3), count()

    def older_keys(self) -> range:
        """The index of each key but the newest. Raises ``Skip`` if there is none."""
        self.needs_keys()
        if len(self.keys) == 1:
            raise Skip("only one key is configured")
        return range(len(self.keys) - 1)

    def needs_keys(self) -> None:
        """Raise ``Skip`` where bodies are plain."""
        if not self.keys:
            raise Skip("bodies are plain")

    def needs_any_payout(self, *, of_any_prefix: bool = False) -> None:
        """Raise ``Skip`` where every callback has to report the same payout, or one with a known prefix."""
        if self.control_number:
            raise Skip("--control-number names one payout")
        if of_any_prefix and self.account.prefixes:
            raise Skip("the account's prefixes are configured")

    def serial(self) -> str:
        """Nine digits that no other payout has."""
        return f"{next(self._serials):09}"

    def payout(self) -> str:
        """The control number of a payout that was not reported before."""
        return self.control_number or f"{self.prefix}{self.serial()}"

    def time(self, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        """A second of the last hours that no other event has."""
        return f"{self._first + timedelta(seconds=next(self._seconds)):{form}}"

    def fields(self, status: int = PayType.UPLOAD, /, **changes: object) -> Fields:
        """The fields of a good callback, with ``changes``."""
        number = changes.get("controlNumber") or self.payout()
        return payload_for(
            self.parser, status, **{"dealTime": self.time(), **changes, "controlNumber": number}
        )

    def good(self, what: str = "", status: int = PayType.UPLOAD, /, **changes: object) -> Delivery:
        """A callback that has to be acknowledged."""
        return self.sent(what, self.fields(status, **changes))

    def sent(self, what: str, content: bytes | Fields, *, key: int = -1) -> Delivery:
        """A text or fields that have to be acknowledged, under the key at this index."""
        text = content if isinstance(content, bytes) else encode(content)
        own = self.keys[key] if self.keys else None
        return Delivery(what, Request(own.encrypt(text) if own else text), "acknowledged", text, own)

    def bad(self, what: str, content: bytes | Fields, expected: Expected = "rejected") -> Delivery:
        """A text or fields that have to be rejected."""
        good = self.sent(what, content)
        return Delivery(what, good.request, expected, good.text)

    def forged(self, what: str) -> Delivery:
        """A callback with a wrong secret."""
        return self.bad(what, self.fields(authentication=self.wrong_secret))

    def probes(self) -> Deliveries:
        """Good callbacks of every kind, of which an endpoint that works at all acknowledges one."""
        for status in PayType:
            yield self.good(status.name, status)
            yield self.good(f"{status.name} as a number", status, payType=int(status))
        yield self.good("UPLOAD in the morning", dealTime="2018-08-07 11:58:33")
        for serial in () if self.control_number else (self.serial()[1:], f"{self.serial()}0"):
            what = f"UPLOAD with {PREFIX_LENGTH + len(serial)} characters in its controlNumber"
            yield self.good(what, controlNumber=self.prefix + serial)

    @cached_property
    def _catalogue(self) -> tuple[BadBody, ...]:
        return bad_bodies(self.parser, serial=self._start)

    def catalogue(self, *kinds: str) -> Deliveries:
        """Those of the catalogue that are of these kinds, with the response that each must get."""
        newest = self.keys[-1] if self.keys else None
        for bad in self._catalogue:
            if bad.kind in kinds:
                text = next(decrypted_by(aes_keys(self.parser.cipher), bad.body), bad.body)
                near = str(json.loads(text)["authentication"]) if bad.kind == "secret-near" else ""
                is_near = len(near) >= NOT_BY_CHANCE and near != self.account.user_name
                yield Delivery(
                    bad.name,
                    Request(bad.body),
                    "acknowledged" if bad.status == 200 else "rejected",
                    text,
                    newest if bad.status == 200 else None,
                    (near,) if is_near else (),
                    bad.control_number,
                    _LENIENT.get(bad.name, ()),
                )


def without(fields: Fields, *names: str) -> Fields:
    """Return the fields but these."""
    return {name: value for name, value in fields.items() if name not in names}
