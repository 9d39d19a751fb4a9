"""Judge a response: whether it does what it has to, what else it shows, and how to tell people about it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from .._formatting import REDACTED
from .._parser import CallbackParser
from ._acknowledgement import Reading, off_by, read, time_of
from ._http import ConnectionClosed, DeliveryError, HttpResponse
from ._leaks import holds_any
from ._misreading import aes_keys, decrypted, says_1000
from ._rule import Consequence, Delivery, Problem

if TYPE_CHECKING:
    from ..encryption import Key

SHOWN = 300
"""Characters of a callback and of a response that are shown."""
_NOT_BY_CHANCE = 8
"""Characters of a secret that a response does not hold unless it repeats it."""
LEAKED = "the response repeats the authentication secret or a key, so it is not shown"


class RateLimited(Exception):
    """The endpoint answered 429, which says nothing about the callback."""

    def __init__(self) -> None:
        super().__init__(
            "got status 429, a rate limit, which says nothing about the callback: try a pause in between"
        )


@frozen
class Verifier:
    """What the parser of an endpoint says about its responses."""

    parser: CallbackParser
    issued: tuple[str, ...] = field(default=(), repr=False)
    """The keys as issued, which the parser does not keep, so that no response shows one."""
    _clean_headers: deque[bytes] = field(
        init=False, repr=False, eq=False, factory=partial(deque[bytes], maxlen=8)
    )
    """The last headers that hold no secret: within a second, most responses have the same ones."""

    @property
    def newest_key(self) -> Key | None:
        """What encrypts callbacks; None where bodies are plain."""
        return self.parser.cipher.keys[-1] if self.parser.cipher else None

    def read(self, response: HttpResponse, key: Key | None) -> Reading:
        """Read the response to a callback that ``key`` encrypted. Raises ``RateLimited`` for 429."""
        if response.status == 429:
            raise RateLimited
        return read(
            response.status,
            response.body,
            key.aes if key else None,
            encoding=response.header(b"content-encoding"),
            others=aes_keys(self.parser.cipher),
            issued=self.issued,
        )

    def acknowledgement_problem(self, response: HttpResponse, key: Key | None) -> str:
        """Everything by which the response is not the acknowledgement; ``""`` if it is."""
        if self.leak(response):
            return LEAKED
        try:
            reading = self.read(response, key)
        except RateLimited:
            return str(RateLimited())
        if reading.refusal:
            return reading.refusal
        at = "" if reading.time is None else time_of(reading.time)
        late = at if isinstance(at, str) else off_by(at, response.sent, response.seconds)
        return "; ".join(filter(None, (reading.key, *reading.form, late)))

    def rejection_problem(self, response: HttpResponse) -> str:
        """Why the response is not a rejection; ``""`` if it is one. Raises ``RateLimited`` for 429."""
        problem = self._not_rejected(response)
        return problem[1] if problem else ""

    def problem(self, delivery: Delivery, response: HttpResponse | DeliveryError) -> Problem | None:
        """Why the response is not the expected one; None if it is. Raises ``RateLimited``."""
        if delivery.expected == "anything":
            return None
        if delivery.expected == "acknowledged":
            consequence = Consequence.LOST
            message = (
                str(response)
                if isinstance(response, DeliveryError)
                else self.read(response, delivery.key).refusal
            )
        else:
            if delivery.may_close and isinstance(response, ConnectionClosed):
                return None
            consequence, message = self._not_rejected(response) or (Consequence.FORM, "")
        if not message:
            return None
        warning = consequence in delivery.lenient
        return self.told(Problem(message, consequence, delivery.what, warning=warning), delivery, response)

    def _not_rejected(self, response: HttpResponse | DeliveryError) -> tuple[Consequence, str] | None:
        """SkyPay does not say whether it goes by status or body, so neither may look acknowledged."""
        if isinstance(response, DeliveryError):
            return Consequence.CRASHED, f"expected a status from 400 to 499, {response}"
        got = f"expected a status from 400 to 499, got {response.status}"
        if any(map(says_1000, (response.body, *self._decrypted(response.body)))):
            return Consequence.ACKNOWLEDGED, f"{got} with responseCode 1000: it was acknowledged"
        if response.status == 429:
            raise RateLimited
        if 400 <= response.status < 500:
            return None
        if response.status >= 500:
            return Consequence.CRASHED, got
        return Consequence.ACKNOWLEDGED if response.status < 300 else Consequence.FORM, got

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
        return "the body" if holds_any(response.body, secrets, self._decrypted) else ""

    def shown(self, response: HttpResponse, near: Iterable[str] = ()) -> str | None:
        """The text of the response, decrypted if a key fits; None where it holds a secret or a key."""
        if holds_any(response.body, [*self._secrets(), *near], self._decrypted):
            return None
        return next(self._decrypted(response.body), response.body).decode(errors="replace")

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

    def _decrypted(self, body: bytes) -> Iterator[bytes]:
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
