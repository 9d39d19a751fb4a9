"""The bodies of one account: good ones, wrong ones, and those of the catalogue."""

import json
from collections.abc import Callable
from functools import cached_property
from itertools import count

from attrs import evolve

from .._control_number import PREFIX_LENGTH
from .._json import MAX_DEPTH
from .._pay_type import PayType
from ..testing import BadBody, bad_bodies, encode
from ..testing._misreading import aes_keys, decrypted_by
from ..testing._payouts import Payouts
from ..testing._secrets import NOT_BY_CHANCE
from ._http import Request
from ._outcome import Consequence
from ._rule import Deliveries, Delivery, Expected

TOGETHER = 8  # callbacks that are sent at once: within what the smallest server queues
_LENIENT = {
    "a number out of range": (Consequence.ACKNOWLEDGED,),  # 1e999 is written as JSON
    "a space in the Base64": (Consequence.ACKNOWLEDGED,),  # it may be left of a line that was wrapped
    f"nested {MAX_DEPTH + 1} levels deep": (Consequence.ACKNOWLEDGED,),  # an endpoint may have another limit
    "nested 10,000 levels deep": (Consequence.ACKNOWLEDGED, Consequence.CRASHED),
}  # bad bodies that an endpoint may treat otherwise, which is worth a warning
Fields = dict[str, object]


class Bodies(Payouts):
    """Makes what is delivered."""

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
        return evolve(self.sent(what, content), expected=expected, key=None)

    def forged(self, what: str) -> Delivery:
        """A callback with a wrong secret."""
        return self.bad(what, self.fields(authentication=self.wrong_secret))

    def probes(self) -> Deliveries:
        """Good callbacks of every kind, of which an endpoint that works at all acknowledges one."""
        for status in PayType:
            yield self.good(status.name, status)
            yield self.good(f"{status.name} as a number", status, payType=int(status))
        yield self.good("UPLOAD in the morning", dealTime="2018-08-07 11:58:33")
        for serial in () if self.control_number else (self.serial()[:-1], f"{self.serial()}0"):
            what = f"UPLOAD with {PREFIX_LENGTH + len(serial)} characters in its controlNumber"
            yield self.good(what, controlNumber=self.prefix + serial)

    @cached_property
    def _bad_bodies(self) -> tuple[BadBody, ...]:
        start = next(self.serials)
        bodies = bad_bodies(self.parser, serial=start)
        self.serials: count[int] = count(start + len(bodies))
        return bodies

    def catalogue(self, kind: str) -> Deliveries:
        """Those of the catalogue that are of this kind, with the response that each must get."""
        for bad in self._bad_bodies:
            if bad.kind == kind:
                text = next(decrypted_by(aes_keys(self.parser.cipher), bad.body), bad.body)
                like = self.sent(bad.name, text) if bad.status == 200 else self.bad(bad.name, text)
                near = str(json.loads(text)["authentication"]) if kind == "secret-near" else ""
                secrets = (near,) if len(near) >= NOT_BY_CHANCE and near != self.account.user_name else ()
                request, lenient = Request(bad.body), _LENIENT.get(bad.name, ())
                yield evolve(like, request=request, near=secrets, payout=bad.control_number, lenient=lenient)


NEEDS: dict[str, Callable[[Bodies], object]] = {
    "": lambda _: True,
    "a key": lambda bodies: bodies.keys,
    "a second key": lambda bodies: bodies.keys[1:],
    "a second secret": lambda bodies: bodies.secrets[1:],
    "payouts of its own": lambda bodies: not bodies.control_number,
    "any prefix": lambda bodies: not bodies.control_number and not bodies.account.prefixes,
}  # whether the settings have it


def without(fields: Fields, *names: str) -> Fields:
    """Return the fields but these."""
    return {name: value for name, value in fields.items() if name not in names}
