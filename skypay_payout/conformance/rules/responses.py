"""The responses of the whole run: what every acknowledgement has to be, and no response may show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..._pay_type import PayType
from .._http import HttpResponse
from .._outcome import Consequence, Inconclusive, Problem
from .._rule import Observer, observer
from ._reasons import ANY_STATUS, ENCRYPTION, LOST, RESPONSE, SECRET, STATE

if TYPE_CHECKING:
    from .._rule import Seen
    from .._run import Run

_SHOWN = 5
"""Examples that are kept; the others say the same."""


@observer("any-acknowledged", ANY_STATUS, "If everything is rejected, a rejection proves nothing.")
class AnyAcknowledged(Observer):
    """At least one callback is acknowledged."""

    def __init__(self) -> None:
        self.first: Seen | None = None

    def saw(self, seen: Seen) -> None:
        """Keep the first failure."""
        if self.first is None:
            self.first = seen

    def results(self, run: Run) -> Iterator[Problem]:
        """Yield one diagnosis, where nothing at all is acknowledged."""
        if run.acknowledged or self.first is None:
            return
        if run.statuses.keys() == {429}:
            raise Inconclusive(
                "got status 429 for each callback, a rate limit: try a pause between deliveries"
            )
        first = self.first
        failure = run.verifier.problem(first.delivery, first.response)
        message = (
            f"nothing was acknowledged: {failure.message if failure else 'no response'}. {self._advice(run)}"
        )
        problem = Problem(message, Consequence.LOST, first.delivery.what)
        yield run.verifier.told(problem, first.delivery, first.response)

    def _advice(self, run: Run) -> str:
        bodies = run.bodies
        for number, secret in enumerate(bodies.secrets[:-1], 1):
            if self._tried(run, authentication=secret):
                return f"Secret {number} of {len(bodies.secrets)} is acknowledged: the newest is missing"
        if len(bodies.keys) > 1:
            for key in bodies.older_keys:
                if self._tried(run, key):
                    return f"Key {key + 1} of {len(bodies.keys)} is acknowledged: the newest is missing"
        how = (
            "the same key, of which AES takes the first 16 bytes of SHA-1 of SHA-1 of its UTF-8 bytes"
            if bodies.keys
            else "no key: these bodies were plain JSON"
        )
        advice = (
            f"Check the path of the URL; that the endpoint knows the account {bodies.user_name!r} and the "
            f"same secret; and that it uses {how}"
        )
        if run.statuses.keys() == {400}:
            advice += (
                ". Status 400 is also what a framework itself responds to a Host header that it does not "
                "allow: in Django, add the host of the URL to ALLOWED_HOSTS"
            )
        return advice

    def _tried(self, run: Run, key: int = -1, **changes: object) -> bool:
        from ...testing import encode

        text = encode(run.bodies.fields(PayType.PAYOUT, **changes))
        delivery = run.bodies.acknowledged("another secret or key", text, key=key)
        return self.first is not None and run.exchanged(self.first.rule, [delivery])[0].acknowledged


@observer("alive", STATE, "While nothing listens, every callback is lost.")
class Alive(Observer):
    """The endpoint is still there after every callback."""

    def results(self, run: Run) -> Iterator[Problem]:
        """Yield after which callback nothing listened any more."""
        if run.gone:
            yield Problem(run.gone, Consequence.LOST)


class _Acknowledged(Observer):
    """Looks at each acknowledgement."""

    consequence = Consequence.FORM
    is_warning = False

    def __init__(self) -> None:
        self.examples: dict[str, tuple[Seen, int]] = {}

    def saw(self, seen: Seen) -> None:
        """Keep one example of each message."""
        if seen.acknowledged:
            for message in self.wrong(seen):
                first, count = self.examples.get(message, (seen, 0))
                self.examples[message] = first, count + 1

    def wrong(self, seen: Seen) -> Iterator[str]:
        """Yield what is wrong with one acknowledgement."""
        raise NotImplementedError

    def results(self, run: Run) -> Iterator[Problem]:
        """Yield each kind once."""
        for message, (seen, count) in list(self.examples.items())[:_SHOWN]:
            more = f" (in {count} acknowledgements)" if count > 1 else ""
            what = f"{seen.rule.id}, {seen.delivery.what}"
            problem = Problem(message + more, self.consequence, what, warning=self.is_warning)
            yield run.verifier.told(problem, seen.delivery, seen.response)


@observer("acknowledgement-form", RESPONSE, f"SkyPay may not read it as responseCode 1000. {LOST}")
class Form(_Acknowledged):
    """Each acknowledgement is one JSON object with the three fields and nothing else."""

    def wrong(self, seen: Seen) -> Iterator[str]:
        """Yield what its fields or the JSON around them lack."""
        if seen.reading:
            yield from seen.reading.form


@observer("acknowledgement-key", ENCRYPTION, f"SkyPay cannot decrypt it. {LOST}")
class Key(_Acknowledged):
    """Each acknowledgement is encrypted with the key of its callback."""

    consequence = Consequence.LOST

    def wrong(self, seen: Seen) -> Iterator[str]:
        """Yield how it is encrypted instead."""
        if seen.reading and seen.reading.key:
            yield seen.reading.key


@observer(
    "response-code",
    RESPONSE,
    "The specification's table says int, its sample shows a string: follow the sample.",
)
class Code(_Acknowledged):
    """Each responseCode is the string of the sample."""

    is_warning = True

    def wrong(self, seen: Seen) -> Iterator[str]:
        """Yield that it is a number."""
        if seen.reading and seen.reading.code_is_number:
            yield "responseCode: expected '1000' as in the sample, got the number 1000"


@observer("leaks", SECRET, "Whoever reads responses, logs of a proxy included, can report a payout as paid.")
class Leaks(Observer):
    """No response repeats a secret or a key, as it is, encoded or derived."""

    def __init__(self) -> None:
        self.exchanges: list[Seen] = []

    def saw(self, seen: Seen) -> None:
        """Keep what may repeat something."""
        self.exchanges.append(seen)

    def results(self, run: Run) -> Iterator[Problem]:
        """Yield each response that repeats a secret, with where it stands."""
        for seen in self.exchanges:
            if not isinstance(seen.response, HttpResponse):
                continue
            where = run.verifier.leak(seen.response, seen.delivery.secrets)
            if where:
                message = f"{where} of the response repeats the authentication secret or a key"
                what = f"{seen.rule.id}, {seen.delivery.what}" if seen.delivery.what else seen.rule.id
                problem = Problem(message, Consequence.LEAKED, what)
                yield run.verifier.told(problem, seen.delivery, seen.response)
