"""What can come of a rule, and what it costs."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from ._http import Request


class Outcome(StrEnum):
    """The outcome of one rule."""

    PASSED = "passed"
    WARNING = "warning"
    """It passed, with something that a person should look at."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """It cannot run with these settings."""
    INCONCLUSIVE = "inconclusive"
    """The endpoint could not be tested: a rate limit, a command that failed, or no response in time."""


class Consequence(StrEnum):
    """What a failure costs, from the worst to the least."""

    ACKNOWLEDGED = "acknowledged what it must not"
    LEAKED = "repeated a secret or a key"
    LOST = "lost a good callback"
    MISTAKEN = "took an invalid callback for an event, or lost it"
    STORED_WRONG = "stored it wrongly"
    CRASHED = "crashed instead of rejecting"
    FORM = "form"


class Stop(Exception):
    """Ends a rule before its end, or says at its end what it could not detect; the message says why."""

    def __init__(self, message: str, outcome: Outcome = Outcome.INCONCLUSIVE) -> None:
        super().__init__(message)
        self.outcome = outcome


class Skip(Stop):
    """The settings cannot show the rule."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Outcome.SKIPPED)


@frozen
class Problem:
    """One thing that is wrong."""

    message: str
    """Expected and got; it holds no secret and no key."""
    consequence: Consequence
    """What it costs."""
    what: str = ""
    """Which callback of the rule it is."""
    sent: str = ""
    """The callback, decrypted and redacted."""
    received: str = ""
    """The first 300 characters of the response, decrypted; empty where there was none."""
    warning: bool = False
    """A person should look at it, but nothing is broken."""
    request: Request | None = field(default=None, repr=False, eq=False)
    """The exact bytes, which may hold the secret."""

    def __str__(self) -> str:
        return f"{self.what}: {self.message}" if self.what else self.message
