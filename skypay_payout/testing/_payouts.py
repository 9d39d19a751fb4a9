"""Fictitious payouts of one account, for an endpoint that keeps what it stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from secrets import randbelow

from .._control_number import PREFIX_LENGTH, ControlNumber
from .._credentials import Credentials
from .._parser import CallbackParser
from .._pay_type import PayType
from .._times import SKYPAY_ZONE
from ..encryption import Key
from ._bad_senders import other_than
from ._bodies import WRONG_AUTHENTICATION, payload_for


class Payouts:
    """Makes the fields of callbacks, each an event of its own of a payout of its own.

    ``control_number`` is the payout of every callback, where the endpoint wants one that it knows.
    """

    def __init__(self, parser: CallbackParser, control_number: ControlNumber | None = None) -> None:
        self.parser: CallbackParser = parser
        self.control_number: ControlNumber | None = control_number
        self.account: Credentials = parser.credentials[0]
        self.secrets: tuple[str, ...] = self.account.authentication  # oldest first
        self.keys: tuple[Key, ...] = parser.cipher.keys if parser.cipher else ()
        known = {text for one in parser.credentials for text in (one.user_name, *one.authentication)}
        self.wrong_secret: str = other_than(known, WRONG_AUTHENTICATION)
        self.prefix: str = str(payload_for(parser)["controlNumber"])[:PREFIX_LENGTH]
        self.serials: count[int] = count(10**8 + randbelow(9 * 10**8 - 10**5))
        self._first, self._seconds = datetime.now(SKYPAY_ZONE) - timedelta(hours=3), count()

    def serial(self) -> str:
        """Nine digits, no zero first, that no other payout has."""
        return str(next(self.serials))

    def number(self) -> str:
        """The control number of a payout that was not reported before."""
        return self.control_number or f"{self.prefix}{self.serial()}"

    def time(self, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        """A second of the last hours that no other event has."""
        return f"{self._first + timedelta(seconds=next(self._seconds)):{form}}"

    def fields(self, status: int = PayType.UPLOAD, /, **changes: object) -> dict[str, object]:
        """The fields of a valid callback, with ``changes``."""
        own: dict[str, object] = {"dealTime": self.time()}
        if "controlNumber" not in changes:
            own["controlNumber"] = self.number()
        return payload_for(self.parser, status, **own | changes)
