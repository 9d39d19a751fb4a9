"""Kill a process before each statement of a store, and then go on as SkyPay or a worker would.

Run it as a program: ``python killed.py MODULE ARGUMENT save STRIDE``, or ``work``. It prints the step
at which nothing was left to kill, and writes what was acknowledged and acted on to files in its directory.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy.event import listen

import sqlalchemy_store
import sqlite_store
from skypay_payout import Accepted, CallbackParser, PayType, Quarantined, Rejected
from skypay_payout.testing import CREDENTIALS, body

PARSER = CallbackParser(CREDENTIALS)
ACKNOWLEDGED = Path("acknowledged")
ACTED = Path("acted")


def deliveries(number: int) -> dict[str, Any]:
    """What is received for one payout, by idempotency key."""
    control_number = f"SK991{number:08}"
    results: dict[str, Any] = {}
    for status in (PayType.PAYOUT, 7, PayType.CANCEL):
        result = PARSER.receive(body(status, controlNumber=control_number))
        match result:
            case Accepted(callback):
                results[callback.idempotency_key] = result
            case Quarantined(error):
                results[error.idempotency_key] = result
            case Rejected():
                raise AssertionError(result)
    return results


def lines(file: Path) -> list[str]:
    """What was written to a file."""
    return file.read_text().split() if file.exists() else []


def note(file: Path, line: str) -> None:
    """Write to a file at once."""
    with file.open("a") as log:
        log.write(f"{line}\n")


class Killer:
    """Kills this process at one of its steps: a statement, a commit, or something that the caller does."""

    def __init__(self, store: Any) -> None:
        self.left = 0
        if isinstance(store, sqlite_store.Store):
            sqlite3.connect = partial(sqlite3.connect, factory=self._connection_class())  # type: ignore[assignment]
        else:
            listen(store._engine, "before_cursor_execute", self.step)
            listen(store._engine, "commit", self.step)

    def _connection_class(self) -> type[sqlite3.Connection]:
        step = self.step

        class Connection(sqlite3.Connection):
            def execute(self, *arguments: Any) -> sqlite3.Cursor:
                step()
                return super().execute(*arguments)

        return Connection

    def step(self, *_: object) -> None:
        """Go one step further."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def survives(work: Callable[[], None]) -> bool:
    """Do work in a process of its own, and return whether nothing killed it. Any other failure is raised."""
    child = os.fork()
    if child == 0:
        work()
        sys.stdout.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    assert status == 0, status
    return True


def main(module: str, argument: str, what: str, stride: str) -> None:
    """Kill at step 1, then one stride later and so on, until the work is done before that step."""
    store: Any = (sqlite_store if module == "sqlite_store" else sqlalchemy_store).Store(argument)
    killer = Killer(store)

    def save(number: int, killed_at: int) -> None:
        killer.left = killed_at
        for key, result in deliveries(number).items():
            if key not in lines(ACKNOWLEDGED):
                store.save(result)
                killer.step()
                note(ACKNOWLEDGED, key)
                killer.step()

    def work(killed_at: int) -> None:
        def act(processed: Any) -> None:
            killer.step()
            note(ACTED, processed.id)
            killer.step()

        killer.left = killed_at
        store.process()
        store.dispatch(act)

    for number in count(1, int(stride)):
        if what == "save":
            survived = survives(partial(save, number, killed_at=number))
            assert survives(partial(save, number, killed_at=0))
        else:
            assert survives(partial(save, number, killed_at=0))
            survived = survives(partial(work, killed_at=number))
        if survived:
            print(number)  # noqa: T201
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
