"""What can come of a rule, and what it costs."""

from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import field, frozen

from ._http import Request

if TYPE_CHECKING:
    from ._rule import Rule


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

    GONE = "the endpoint went away"
    ACKNOWLEDGED = "acknowledged what it must not"
    LEAKED = "repeated a secret or a key"
    LOST = "lost a good callback"
    MISTAKEN = "took an invalid callback for an event, or lost it"
    STORED_WRONG = "stored it wrongly"
    CRASHED = "crashed instead of rejecting"
    UNANSWERED = "did not answer"
    FORM = "form"


class Stop(Exception):
    """Ends a rule, unless it found a problem, with this outcome; the message says why."""

    def __init__(self, message: str, outcome: Outcome = Outcome.INCONCLUSIVE) -> None:
        super().__init__(message)
        self.outcome = outcome


@frozen
class Problem:
    """One thing that is wrong."""

    message: str  # expected and got; it holds no secret and no key
    consequence: Consequence
    what: str = ""  # which callback of the rule it is
    sent: str = ""  # the beginning of the callback, decrypted and redacted
    received: str = ""  # the beginning of the response, decrypted; empty where there was none
    warning: bool = False  # a person should look at it, but nothing is broken
    request: Request | None = field(default=None, repr=False, eq=False)  # it may hold the secret

    def __str__(self) -> str:
        return f"{self.what}: {self.message}" if self.what else self.message


@frozen
class Result:
    """The outcome of one rule."""

    rule: "Rule"
    """The rule."""
    outcome: Outcome
    """Its outcome."""
    message: str = ""
    """The reason, or the limits of a passed run, in one line, without secrets."""
    problems: tuple[Problem, ...] = ()
    """Everything that is wrong, with what was sent and what came back."""
    seconds: float = 0.0
    """The seconds of the slowest response."""

    @property
    def id(self) -> str:
        """The short name of the rule."""
        return self.rule.id

    @property
    def consequence(self) -> Consequence | None:
        """The consequence of the worst problem; None if there is none."""
        return min((one.consequence for one in self.problems), key=list(Consequence).index, default=None)
