"""What has to be stored after a run, and what the user's commands print of it."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from time import sleep
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from unicodedata import normalize

from .._callback import PayoutCallback
from .._errors import InvalidCallbackError
from .._fields import ACTION
from .._formatting import quoted
from .._parser import CallbackParser
from ..testing import encode
from ._outcome import Consequence, Outcome, Problem, Stop
from ._rule import Seen

if TYPE_CHECKING:
    from ._run import Run

Source: TypeAlias = Callable[[], Iterable[object]]
"""Returns what a command of the user's prints, or raises ``ValueError`` that says why it cannot."""
Record: TypeAlias = Mapping[str, Any]
Events: TypeAlias = list[tuple[PayoutCallback, Seen]]
LATER = 2.0  # seconds in which an endpoint stores what it did not store before it acknowledged


def as_record(line: object) -> Record:
    """Return what a line holds; nothing if it is no object."""
    return cast("Record", line) if isinstance(line, dict) else {}


class Ledger:
    """What the deliveries of a run report, by the identity of the event, and what the store holds."""

    def __init__(self, run: "Run") -> None:
        self._account, self._sources = run.bodies.account, run.sources
        self._parser, self._lines = CallbackParser(run.bodies.parser.credentials), dict[str, list[object]]()
        self.events = defaultdict[str, Events](list)  # valid callbacks, by idempotency key
        self.invalid = list[tuple[InvalidCallbackError, Seen]]()  # that were acknowledged
        self.numbers = dict[str, Seen]()  # of invalid callbacks, and what lenient readers make of them
        self.forged = dict[str, Seen]()  # what was rejected, by its number or the key that it would have
        self.tolerated = set[str]()  # control numbers of what may be acknowledged, and then stored
        self.late = "stored" in run.sources and self._is_late(run)
        for seen in run.seen:
            self._add(seen)

    def lines(self, option: str, *, again: bool = False) -> list[object]:
        """Return what the command of that option prints. Raises ``Stop``."""
        if option not in self._sources:
            raise Stop(f"--{option} was not given", Outcome.SKIPPED)
        if again or option not in self._lines:
            try:
                lines = list(self._sources[option]())
            except ValueError as error:
                raise Stop(str(error)) from None
            if lines and not any(isinstance(line, dict) for line in lines):
                raise Stop(f"expected of --{option} lines of JSON, objects, got {quoted(lines[0])}")
            self._lines[option] = lines
        return self._lines[option]

    def records(self, option: str, *needed: str, again: bool = False) -> tuple[list[Record], list[Problem]]:
        """Return the lines with these fields, and a problem that names one without. Raises ``Stop``."""
        records, problems = list[Record](), list[Problem]()
        for number, line in enumerate(self.lines(option, again=again), 1):
            record = as_record(line)
            if all(name in record for name in needed):
                records.append(record)
            elif not problems:
                expected = f"expected of --{option} lines of JSON, objects with {' and '.join(needed)}"
                message = f"{expected}, got {quoted(line)} in line {number}"
                problems.append(Problem(message, Consequence.STORED_WRONG))
        return records, problems

    @cached_property
    def stored(self) -> list[tuple[object, PayoutCallback | str]]:
        """The lines of --stored, each with its event, or by which it is none."""
        return [(line, self._event(line)) for line in self.lines("stored")]

    @cached_property
    def kept(self) -> Mapping[str, list[PayoutCallback]]:
        """What is stored, by idempotency key."""
        kept = defaultdict[str, list[PayoutCallback]](list)
        for _, event in self.stored:
            if isinstance(event, PayoutCallback):
                kept[event.idempotency_key].append(event)
        return kept

    @cached_property
    def unexpected(self) -> list[PayoutCallback]:
        """What is stored, though nobody sent it."""
        return [one for key, kept in self.kept.items() if key not in self.events for one in kept]

    def valid(self, payload: Record) -> PayoutCallback | None:
        """Return the callback that a payload without its secret reports; None if it is invalid."""
        own = {"userName": self._account.user_name, "authentication": self._account.authentication[-1]}
        with suppress(ValueError):
            return self._parser.parse(encode({**payload, **own}))
        return None

    def _event(self, line: object) -> PayoutCallback | str:
        common = {"userName": self._account.user_name, "action": ACTION}  # a store may do without these
        try:
            return PayoutCallback.from_dict({**common, **as_record(line)})
        except ValueError as error:
            return str(error) if isinstance(line, dict) else f"expected a JSON object, got {quoted(line)}"

    def _is_late(self, run: "Run") -> bool:
        """Whether a callback is missing at once, and stored a little later."""
        with suppress(Stop):
            (seen,) = run.exchanged(run.seen[0].rule, [run.bodies.good("the last callback")])
            sent = self._parser.parse(seen.delivery.text)
            if seen.acknowledged and sent not in map(self._event, self.lines("stored")):
                sleep(LATER)
                return sent in map(self._event, self.lines("stored", again=True))
        return False

    def _add(self, seen: Seen) -> None:
        delivery, text = seen.delivery, seen.delivery.text
        if delivery.lenient:
            self.tolerated.add(delivery.payout)
        elif seen.reading is None:
            self.forged.setdefault(delivery.payout, seen)
            with suppress(ValueError, RecursionError, TypeError):
                if callback := self.valid(json.loads(text)):
                    self.forged.setdefault(callback.idempotency_key, seen)
        else:
            try:
                callback = self._parser.parse(text)
                self.events[callback.idempotency_key].append((callback, seen))
            except InvalidCallbackError as error:
                self.invalid += [(error, seen)] * seen.acknowledged
                payout, number = delivery.payout, str(error.payload.get("controlNumber", ""))
                lenient = normalize("NFKC", number).strip(), f"{payout}0" if payout else ""
                for one in {payout, payout.casefold(), number, *lenient} - {""}:
                    self.numbers.setdefault(one, seen)
