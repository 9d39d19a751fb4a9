"""Find where a response repeats a secret, and tell people what was sent and what came back without one."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial

from attrs import evolve, field, frozen

from .._formatting import REDACTED
from .._parser import CallbackParser
from ._http import DeliveryError, HttpResponse
from ._leaks import holds_any
from ._misreading import aes_keys, decrypted
from ._outcome import Consequence, Problem
from ._rule import Delivery

SHOWN = 300
"""Characters of a callback and of a response that are shown."""
_NOT_BY_CHANCE = 8
"""Characters of a secret that a response does not hold unless it repeats it."""
LEAKED = "the response repeats the authentication secret or a key, so it is not shown"


@frozen
class Secrets:
    """The secrets and keys of an endpoint, which no response may repeat and nobody is shown."""

    parser: CallbackParser
    issued: tuple[str, ...] = field(default=(), repr=False)
    """The keys as issued, which the parser does not keep."""
    _clean_headers: deque[bytes] = field(
        init=False, repr=False, eq=False, factory=partial(deque[bytes], maxlen=8)
    )
    """The last headers that hold no secret: within a second, most responses have the same ones."""

    def told(self, problem: Problem, delivery: Delivery, response: HttpResponse | DeliveryError) -> Problem:
        """The problem with what was sent and what came, as people may see it."""
        sent = self._redacted(delivery.text or delivery.request.body, delivery.secrets)
        received = ""
        if isinstance(response, HttpResponse):
            text = self.shown(response, delivery.secrets)
            received = f"{response.status} {LEAKED if text is None else text[:SHOWN]}"
            if text is None and response.status == 200 and problem.consequence is not Consequence.LEAKED:
                problem = evolve(problem, message=LEAKED)  # the message may quote it
        return evolve(problem, sent=sent[:SHOWN], received=received, request=delivery.request)

    def leak(self, response: HttpResponse, near: Iterable[str] = ()) -> str:
        """Where the response repeats a secret or a key, the header or the body; ``""`` if it does not.

        ``near`` are near misses that the callback sent as its secret.
        """
        secrets = [one for one in (*self._secrets(), *near) if len(one) >= _NOT_BY_CHANCE]
        headers = b"\n".join(b": ".join(header) for header in response.headers)
        if headers not in self._clean_headers:
            for name, value in response.headers:
                if holds_any(name + b": " + value, secrets, _nothing):
                    return f"the header {name.decode('latin-1')}"
            self._clean_headers.append(headers)
        return "the body" if holds_any(response.body, secrets, self.decrypted_by_any) else ""

    def shown(self, response: HttpResponse, near: Iterable[str] = ()) -> str | None:
        """The text of the response, decrypted if a key fits; None where it holds a secret or a key."""
        if holds_any(response.body, [*self._secrets(), *near], self.decrypted_by_any):
            return None
        return next(self.decrypted_by_any(response.body), response.body).decode(errors="replace")

    def _redacted(self, text: bytes, near: Iterable[str]) -> str:
        secrets = sorted({*self._secrets(), *near}, key=len, reverse=True)
        for attempt in filter(None, (text, _normal(text))):
            shown = attempt.decode(errors="backslashreplace")
            for secret in secrets:
                for form in (json.dumps(secret, ensure_ascii=False)[1:-1], secret):
                    shown = shown.replace(form, REDACTED) if form else shown
            if not holds_any(shown.encode(errors="replace"), secrets, _nothing):
                return shown
        return "(not shown, since it holds the secret in another form)"

    def _secrets(self) -> list[str]:
        keys = aes_keys(self.parser.cipher)
        return [
            *(secret for account in self.parser.credentials for secret in account.authentication),
            *self.issued,
            *(form for key in keys for form in _forms(key)),
        ]

    def decrypted_by_any(self, body: bytes) -> Iterator[bytes]:
        """What the keys make of a body."""
        return filter(None, (decrypted(body, key) for key in aes_keys(self.parser.cipher)))


def _forms(key: bytes) -> Iterator[str]:
    """The derived key as programs print it; hexadecimal and Base64 are decoded anyway."""
    yield key.decode("latin-1")
    yield from (key.hex(" "), key.hex(":"), ", ".join(map(str, key)))
    yield ", ".join(str(byte - 256 if byte > 127 else byte) for byte in key)  # as Java prints it


def _normal(text: bytes) -> bytes:
    with suppress(ValueError, RecursionError):
        return json.dumps(json.loads(text), ensure_ascii=False).encode(errors="backslashreplace")
    return b""


def _nothing(_body: bytes) -> Iterator[bytes]:
    return iter(())
