"""The verdict on a response: whether it does what it has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ._acknowledgement import Reading, read
from ._http import ConnectionClosed, DeliveryError, HttpResponse
from ._misreading import aes_keys, says_1000
from ._outcome import Consequence, Problem
from ._response_time import off_by, time_of
from ._rule import Delivery
from ._secrets import LEAKED, Secrets

if TYPE_CHECKING:
    from ..encryption import Key

__all__ = ["LEAKED", "RateLimited", "Verifier"]


class RateLimited(Exception):
    """The endpoint answered 429, which says nothing about the callback."""

    def __init__(self) -> None:
        super().__init__(
            "got status 429, a rate limit, which says nothing about the callback: try a pause in between"
        )


@frozen
class Verifier(Secrets):
    """What the parser of an endpoint says about its responses."""

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
        if reading.failure:
            return reading.failure
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
                else self.read(response, delivery.key).failure
            )
        else:
            if delivery.may_close and isinstance(response, ConnectionClosed):
                return None
            consequence, message = self._not_rejected(response) or (Consequence.FORM, "")
        if not message:
            return None
        if delivery.expected == "unacknowledged" and "1000" not in message:
            return None
        warning = consequence in delivery.lenient
        return self.told(Problem(message, consequence, delivery.what, warning=warning), delivery, response)

    def _not_rejected(self, response: HttpResponse | DeliveryError) -> tuple[Consequence, str] | None:
        """SkyPay does not say whether it goes by status or body, so neither may look acknowledged."""
        if isinstance(response, DeliveryError):
            return Consequence.CRASHED, f"expected a status from 400 to 499, {response}"
        got = f"expected a status from 400 to 499, got {response.status}"
        if any(map(says_1000, (response.body, *self.decrypted_by_any(response.body)))):
            return Consequence.ACKNOWLEDGED, f"{got} with responseCode 1000: it was acknowledged"
        if response.status == 429:
            raise RateLimited
        if 400 <= response.status < 500:
            return None
        if response.status >= 500:
            return Consequence.CRASHED, got
        return Consequence.ACKNOWLEDGED if response.status < 300 else Consequence.FORM, got
