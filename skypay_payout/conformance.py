"""Whether an endpoint, in whatever language, does what the specification wants: every case over real HTTP.

The cases are delivered as SkyPay delivers callbacks, and only the replies are judged. They are meant for an
endpoint under test: they tell of a payout that may not exist.
"""

from __future__ import annotations

import json
from base64 import b64decode, encodebytes
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count, repeat

from attrs import field, frozen

from ._control_number import ControlNumber
from ._delivery import CutOff, Endpoint, NoReply, Unreachable, endpoint
from ._parser import CallbackParser
from ._pay_type import PayType
from ._times import SKYPAY_ZONE
from .testing import SAMPLE, encode, payload, rejection_cases
from .testing._bodies import encrypted, encrypters, payload_for

SECONDS = 5.0
"""How long a reply may take. The specification names no limit; this one is generous."""
OVERSIZE = 1024 * 1024
"""Bytes of a body that no endpoint should take: a real one has a few hundred."""

_REFUSED = {
    "a wrong secret": "authentication wrong",
    "a missing secret": "authentication missing",
    "another account": "userName another",
    "an empty body": "nothing",
    "a body that is no JSON": "no JSON",
    "a body that is no object": "an array",
    "a body that is not UTF-8": "Latin-1",
    "a body cut short": "cut short",
    "a body with a member twice": "a duplicate field",
}
_REFUSED_WHERE_ENCRYPTED = {
    "plain JSON": "plain JSON where encryption is expected",
    "a body that is no Base64": "not Base64",
    "half a block": "half a block",
    "a body under another key": "encrypted with another key",
}
_PLAIN = "bodies are plain"


@frozen
class Result:
    """What came of one case."""

    name: str
    """The case, as the sentence that has to be true."""
    problem: str = ""
    """Why it is not true; "" if it is. One line, with neither secret nor key in it."""
    skipped: str = ""
    """Why it was not tried; "" if it was."""
    seconds: float = 0.0
    """What its slowest reply took."""


@frozen
class _Case:
    name: str
    bodies: tuple[bytes, ...] = ()
    key_indexes: Iterable[int] = repeat(-1)
    """Which of the parser's keys encrypted each body; the newest if nothing else is said."""
    refused: bool = False
    may_be_cut_off: bool = False
    skipped: str = ""

    def run(self, partner: Endpoint) -> Result:
        """Delivers the bodies one after the other and judges each reply. Raises ``Unreachable``."""
        problems = list[str]()
        seconds = 0.0
        for number, (body, key_index) in enumerate(zip(self.bodies, self.key_indexes, strict=False), 1):
            try:
                reply = partner.deliver(body)
            except Unreachable:
                raise
            except NoReply as error:
                problem = "" if self.may_be_cut_off and isinstance(error, CutOff) else str(error)
            else:
                seconds = max(seconds, reply.seconds)
                if self.refused:
                    problem = partner.unrefused(reply)
                else:
                    problem = partner.unacknowledged(reply, key_index)
            if problem:
                problems.append(f"delivery {number}: {problem}" if len(self.bodies) > 1 else problem)
        return Result(self.name, "; ".join(problems), self.skipped, seconds)


def check_endpoint(
    url: str, parser: CallbackParser, *, control_number: ControlNumber | None = None
) -> Iterator[Result]:
    """Tries every case on the endpoint at ``url``, and tells of each as it ends.

    ``parser`` is one configured as the endpoint is: its first account is played, with all its secrets and all
    keys. ``control_number`` is the payout to tell of, where the endpoint wants one that it knows.

    Raises ``Unreachable`` if there is nobody at ``url`` from the beginning, ``ValueError`` if it is no URL of
    HTTP, and ``TypeError`` if the parser's cipher can only decrypt; all of them when the first result is
    asked for.
    """
    slowest = Result("")
    with endpoint(url, parser) as partner:
        for number, case in enumerate(_cases(parser, control_number)):
            try:
                result = case.run(partner)
            except Unreachable as error:
                if number == 0:
                    raise
                result = Result(case.name, str(error))
            slowest = max(slowest, result, key=lambda one: one.seconds)
            yield result
    late = f"the slowest took {slowest.seconds:.1f} s, where {slowest.name}"
    yield Result(
        f"every reply comes within {SECONDS:.0f} s",
        late if slowest.seconds > SECONDS else "",
        seconds=slowest.seconds,
    )


def _cases(parser: CallbackParser, control_number: ControlNumber | None) -> Iterator[_Case]:
    bodies = _Bodies(parser, control_number)
    yield from _acknowledged(bodies)
    yield from _changing(bodies)
    yield from _refused(bodies)


@frozen
class _Bodies:
    parser: CallbackParser
    control_number: ControlNumber | None
    _times: Iterator[datetime] = field(init=False, factory=lambda: _seconds(datetime.now(SKYPAY_ZONE)))

    def good(self, status: int = PayType.UPLOAD, **members: object) -> dict[str, object]:
        """The payload of an event of its own, later than those before."""
        own = {"dealTime": f"{next(self._times):%Y-%m-%d %H:%M:%S}"}
        if self.control_number is not None:
            own["controlNumber"] = self.control_number
        return payload_for(self.parser, status) | own | members

    def encrypted(self, text: bytes) -> bytes:
        return encrypted(text, next(reversed(encrypters(self.parser)), None))

    def __call__(self, status: int = PayType.UPLOAD, **members: object) -> bytes:
        return self.encrypted(encode(self.good(status, **members)))


def _seconds(now: datetime) -> Iterator[datetime]:
    start = now - timedelta(hours=1)
    return (start + timedelta(seconds=passed) for passed in count())


def _acknowledged(body: _Bodies) -> Iterator[_Case]:
    sample = SAMPLE.decode()
    for name in ("userName", "authentication", "controlNumber"):
        sample = sample.replace(json.dumps(payload()[name]), json.dumps(body.good()[name]))
    yield _Case("the published sample is acknowledged", (body.encrypted(sample.encode()),))
    for status in PayType:
        yield _Case(f"{status.name} is acknowledged", (body(status),))
    yield _Case("payType as a number is acknowledged", (body(payType=1),))
    marked = b"\xef\xbb\xbf" + encode(body.good())
    yield _Case("a body with a byte order mark is acknowledged", (body.encrypted(marked),))
    yield _Case(
        "members that are not given are acknowledged",
        (body(failDescription="", referenceNumber=""), body(failDescription=None, referenceNumber=None)),
    )
    yield _Case("unknown members are acknowledged", (body(fee="12.50", items=[{"currency": "PHP"}]),))
    yield _Case("an unknown status is acknowledged", (body(7),))
    without = body.good()
    del without["controlNumber"]
    yield _Case(
        "a callback that is authenticated but invalid is acknowledged",
        (body.encrypted(encode(without)), body(dealTime="")),
    )
    yield _Case("a repeated callback is acknowledged", (body(PayType.PAYOUT),) * 3)
    upload, payout = body(PayType.UPLOAD), body(PayType.PAYOUT)
    yield _Case("a payout before its upload is acknowledged", (payout, upload))
    name = "Base64 in lines is acknowledged"
    if body.parser.cipher:
        yield _Case(name, (encodebytes(b64decode(body())).replace(b"\n", b"\r\n"),))
    else:
        yield _Case(name, skipped=_PLAIN)


def _changing(body: _Bodies) -> Iterator[_Case]:
    name = "an older secret is acknowledged"
    older = body.parser.credentials[0].authentication[:-1]
    if older:
        yield _Case(name, tuple(body(authentication=secret) for secret in older))
    else:
        yield _Case(name, skipped="only one secret is configured")
    name = "a callback under an older key is acknowledged under that key"
    keys = encrypters(body.parser)
    if len(keys) > 1:
        bodies = tuple(encrypted(encode(body.good()), key) for key in keys[:-1])
        yield _Case(name, bodies, range(-len(keys), -1))
    else:
        yield _Case(name, skipped="only one key is configured" if keys else _PLAIN)


def _refused(body: _Bodies) -> Iterator[_Case]:
    bad = {one.name: one.body for one in rejection_cases(body.parser)}
    for what, name in _REFUSED.items():
        yield _Case(f"{what} is refused", (bad[name],), refused=True)
    large = body(note="x" * OVERSIZE)
    yield _Case("a body beyond 1 MiB is refused", (large,), refused=True, may_be_cut_off=True)
    for what, name in _REFUSED_WHERE_ENCRYPTED.items():
        if name in bad:
            yield _Case(f"{what} is refused", (bad[name],), refused=True)
        else:
            yield _Case(f"{what} is refused", skipped=_PLAIN)
