"""The verdict on a response."""

from attrs import evolve

from ..encryption import Key
from ..testing._reading import Reading, not_rejected, read
from ..testing._secrets import Secrets
from ._http import ConnectionClosed, DeliveryError, Response
from ._outcome import Consequence, Problem, Stop
from ._rule import Seen

_SHOWN = 300  # characters of a callback and of a response that are shown
LEAKED = "the response repeats the authentication secret or a key, so it is not shown"
LIMITED = "got status 429, a rate limit, which says nothing about the callback: try a pause in between"


class Verifier(Secrets):
    """What the parser of an endpoint says about its responses."""

    def read(self, response: Response, key: Key | None) -> Reading:
        """Read the response to a callback that ``key`` encrypted."""
        if isinstance(response, DeliveryError):
            return Reading(str(response))
        keys = tuple(dict.fromkeys((key.aes, *self.aes_keys) if key else ()))
        encoding = response.header(b"content-encoding")
        return read(response.status, response.body, keys, issued=self.issued, encoding=encoding)

    def rejection_problem(self, response: Response) -> str:
        """Why the response is not a rejection; ``""`` if it is one."""
        if isinstance(response, DeliveryError):
            return f"expected a status from 400 to 499, {response}"
        return not_rejected(response.status, self.texts(response.body))

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
            elif response.status >= 500 or isinstance(response, ConnectionClosed):
                costs = Consequence.CRASHED
            elif not response.status:
                costs = Consequence.UNANSWERED
        if not message or (expected == "unacknowledged" and "1000" not in message):
            return None
        if response.status == 429 and costs is not Consequence.ACKNOWLEDGED:
            raise Stop(LIMITED)
        warning = costs in seen.delivery.lenient
        return evolve(self.about(seen, message, costs), what=seen.delivery.what, warning=warning)

    def about(self, seen: Seen, message: str, costs: Consequence) -> Problem:
        """Return a problem with what was sent and what came, as people may see it."""
        delivery, response, received = seen.delivery, seen.response, ""
        if response.status:
            text = self.shown(response.body, delivery.near)
            received = f"{response.status} {LEAKED if text is None else text[:_SHOWN]}"
            if text is None and response.status == 200 and costs is not Consequence.LEAKED:
                message = LEAKED  # the message may quote it
        sent = self.redacted((delivery.text or delivery.request.body)[: 20 * _SHOWN], delivery.near)[:_SHOWN]
        return Problem(message, costs, seen.name, sent, received, request=delivery.request)
