"""The verdict on a response, and what people may see of it: never a secret or a key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property

from attrs import field, frozen

from .._formatting import redact
from .._parser import CallbackParser
from ..encryption import Key
from ..testing._leaks import holds_any, parts
from ..testing._misreading import aes_keys, decrypted_by
from ..testing._reading import Reading, not_acknowledged, not_rejected, read
from ._http import ConnectionClosed, DeliveryError, HttpResponse, Response
from ._outcome import Consequence, Problem, Stop
from ._rule import Seen

_SHOWN = 300
"""Characters of a callback and of a response that are shown."""
NOT_BY_CHANCE = 8
"""Characters of a secret that a response does not hold unless it repeats it."""
LEAKED = "the response repeats the authentication secret or a key, so it is not shown"
LIMITED = "got status 429, a rate limit, which says nothing about the callback: try a pause in between"


@frozen(slots=False)
class Verifier:
    """What the parser of an endpoint says about its responses. It forgets the keys as they were issued."""

    parser: CallbackParser
    issued: tuple[str, ...] = field(default=(), repr=False)
    _clean: set[tuple[bytes, bytes]] = field(
        init=False, repr=False, eq=False, factory=set[tuple[bytes, bytes]]
    )
    """Headers that hold no secret: most responses have the same ones."""

    @property
    def newest_key(self) -> Key | None:
        """What encrypts callbacks; None where bodies are plain."""
        return self.parser.cipher.keys[-1] if self.parser.cipher else None

    @cached_property
    def _secrets(self) -> tuple[str, ...]:
        issued = *(text for one in self.parser.credentials for text in one.authentication), *self.issued
        derived = (form for key in aes_keys(self.parser.cipher) for form in _forms(key))
        return *issued, *(part for secret in issued for part in parts(secret)), *derived

    def read(self, response: Response, key: Key | None) -> Reading:
        """Read the response to a callback that ``key`` encrypted."""
        if isinstance(response, DeliveryError):
            return Reading(str(response))
        keys = dict.fromkeys((key.aes, *aes_keys(self.parser.cipher)) if key else ())
        encoding = response.header(b"content-encoding")
        return read(response.status, response.body, tuple(keys), issued=self.issued, encoding=encoding)

    def acknowledgement_problem(self, response: HttpResponse, key: Key | None) -> str:
        """Everything by which the response is not the acknowledgement; ``""`` if it is."""
        if self.leak(response):
            return LEAKED
        return not_acknowledged(self.read(response, key), response.sent, response.seconds)

    def rejection_problem(self, response: Response) -> str:
        """Why the response is not a rejection; ``""`` if it is one."""
        if isinstance(response, DeliveryError):
            return f"expected a status from 400 to 499, {response}"
        return not_rejected(response.status, self._texts(response))

    def problem(self, seen: Seen) -> Problem | None:
        """Why the response is not the expected one; None if it is. Raises ``Stop`` for a rate limit."""
        expected, response = seen.delivery.expected, seen.response
        if expected == "anything" or (expected, type(response)) == ("rejected or closed", ConnectionClosed):
            return None
        if seen.reading:
            message, costs = seen.reading.failure, Consequence.LOST
        else:
            message, costs = self.rejection_problem(response), Consequence.FORM
            if "1000" in message or 200 <= response.status < 300:
                costs = Consequence.ACKNOWLEDGED
            elif response.status >= 500 or not response.status:
                costs = Consequence.CRASHED
        if not message or (expected == "unacknowledged" and "1000" not in message):
            return None
        if response.status == 429 and costs is not Consequence.ACKNOWLEDGED:
            raise Stop(LIMITED)
        warning = costs in seen.delivery.lenient
        return self.about(seen, message, costs, what=seen.delivery.what, warning=warning)

    def about(
        self, seen: Seen, message: str, costs: Consequence, *, what: str | None = None, warning: bool = False
    ) -> Problem:
        """Return a problem with what was sent and what came, as people may see it."""
        delivery, response, received = seen.delivery, seen.response, ""
        if isinstance(response, HttpResponse):
            text = self.shown(response, delivery.near)
            received = f"{response.status} {LEAKED if text is None else text[:_SHOWN]}"
            if text is None and response.status == 200 and costs is not Consequence.LEAKED:
                message = LEAKED  # the message may quote it
        sent = self._redacted(delivery.text or delivery.request.body, delivery.near)[:_SHOWN]
        what = seen.name if what is None else what
        return Problem(message, costs, what, sent, received, warning, delivery.request)

    def leak(self, response: Response, near: Iterable[str] = ()) -> str:
        """Where the response repeats a secret or a key, the header or the body; ``""`` if it does not.

        ``near`` are near misses that the callback sent as its secret.
        """
        secrets = [one for one in (*self._secrets, *near) if len(one) >= NOT_BY_CHANCE]
        for header in response.headers:
            if header not in self._clean:
                if holds_any([b": ".join(header)], secrets):
                    return f"the header {header[0].decode('latin-1')}"
                self._clean.add(header)
        return "the body" if holds_any(self._texts(response), secrets) else ""

    def shown(self, response: HttpResponse, near: Iterable[str] = ()) -> str | None:
        """The text of the response, decrypted if a key fits; None where it holds a secret or a key."""
        texts = self._texts(response)
        return None if holds_any(texts, (*self._secrets, *near)) else texts[-1].decode(errors="replace")

    def _redacted(self, text: bytes, near: Iterable[str]) -> str:
        secrets = tuple(sorted({*self._secrets, *near}, key=len, reverse=True))
        shown: str = redact(text.decode(errors="backslashreplace"), secrets)
        if holds_any([shown.encode(errors="replace")], secrets):
            with suppress(ValueError, RecursionError):  # where it is JSON, without its escapes
                shown = json.dumps(redact(json.loads(text), secrets), ensure_ascii=False)
        hidden = holds_any([shown.encode(errors="replace")], secrets)
        return "(not shown, since it holds the secret in another form)" if hidden else shown

    def _texts(self, response: Response) -> list[bytes]:
        """The body, and what the keys that fit make of it."""
        return [response.body, *decrypted_by(aes_keys(self.parser.cipher), response.body)]


def _forms(key: bytes) -> Iterator[str]:
    """The derived key as programs print it; hexadecimal and Base64 are decoded anyway."""
    yield from (key.decode("latin-1"), key.hex(" "), key.hex(":"), ", ".join(map(str, key)))
    yield ", ".join(str(byte - 256 if byte > 127 else byte) for byte in key)  # as Java prints it
