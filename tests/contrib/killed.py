"""Kill a process before each statement, each commit and each step of a hook, and go on as others would.

``python -m tests.contrib.killed`` does it 300 times on each database, for each library, and restarts the
servers in between; ``--kills N``, and names of databases or libraries, do less. It prints what it found.
"""

from __future__ import annotations

import json
import os
import signal
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from skypay_payout import Accepted, PayType, Quarantined
from skypay_payout.contrib._payouts import Change
from tests.contrib.adapters import LIBRARIES, Execute, StoreAdapter, make
from tests.contrib.store.cases import INVALID, make_due, number, received
from tests.support.databases import Database, DatabaseServer, MariaDB, Postgres, SQLite


def lines(file: Path) -> list[str]:
    """What was written to a file."""
    return file.read_text().split() if file.exists() else []


def note(file: Path, line: str) -> None:
    """Write to a file at once."""
    with file.open("a") as log:
        log.write(f"{line}\n")


class Killer:
    """Kills this process at one of its steps."""

    def __init__(self, at: int) -> None:
        self.left = at

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Site:
    """A store whose processes are killed, and what they left behind."""

    def __init__(self, library: str, database: Database, directory: Path) -> None:
        self.library = library
        self.database = database
        self.acknowledged = directory / "acknowledged"
        self.acted = directory / "acted"
        self.kills = 0
        self.payouts = 0
        self._store = make(library, database.url)  # of the process that goes on
        database.query("CREATE TABLE loans (id VARCHAR(40), status VARCHAR(20))")

    def _survives(self, at: int, *works: Callable[[StoreAdapter, Killer], None]) -> bool:
        """Do works in a process of its own, killed at that step of the last; return whether it was not."""
        child = os.fork()
        if child == 0:
            status = 1
            try:
                store = make(self.library, self.database.url)
                for work in works[:-1]:
                    work(store, Killer(0))
                killer = Killer(at)
                store.steps(killer.step)
                works[-1](store, killer)
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.kills += 1
            return False
        assert status == 0, status
        return True

    def _save(self, payout: int, store: StoreAdapter, killer: Killer) -> None:
        for status in (PayType.PAYOUT, INVALID, PayType.CANCEL):
            result = received(status, controlNumber=number(payout))
            assert isinstance(result, (Accepted, Quarantined))
            digest = result.callback.digest if isinstance(result, Accepted) else result.error.digest
            if digest not in lines(self.acknowledged):
                store.save(result)
                killer.step()
                note(self.acknowledged, digest)
                killer.step()

    def _work(self, store: StoreAdapter, killer: Killer) -> None:
        def hook(change: Change, execute: Execute) -> None:
            killer.step()
            execute(f"INSERT INTO loans VALUES ('{change.id}', '{change.after.status}')")
            killer.step()

        def act(change: Change) -> None:
            killer.step()
            note(self.acted, change.id)
            killer.step()

        make_due(store, self.database)
        store.process(hook)
        store.dispatch(act)

    def kill(self, first: int = 1, stride: int = 1) -> None:
        """Kill at each step of saving and of working, and let a redelivery and another worker go on."""
        for phase in ("save", "work"):
            at, survived = first, False
            while not survived:
                self.payouts += 1
                save = partial(self._save, self.payouts)
                survived = self._survives(at, *([save] if phase == "save" else [save, self._work]))
                save(self._store, Killer(0))
                self._work(self._store, Killer(0))
                at += stride

    def check(self) -> dict[str, object]:
        """Nothing is lost, nothing done twice inside a transaction, everything at least once outside."""
        tables = self._store.tables
        stored = {
            digest
            for table in ("events", "quarantine")
            for (digest,) in self.database.query(f"SELECT digest FROM {tables[table]}")
        }
        assert stored == set(lines(self.acknowledged))
        assert len(stored) == 3 * self.payouts
        states = self.database.query(
            f"SELECT control_number, version, status, quarantined FROM {tables['payouts']}"
        )
        assert {row[2:] for row in states} == {("CONFLICTING", 1)}
        assert len(states) == self.payouts
        changed = self.database.query("SELECT id FROM loans")
        assert sorted(str(change) for (change,) in changed) == sorted(
            f"{payout}/{version + 1}"
            for payout, versions, _, _ in states
            for version in range(int(str(versions)))
        )
        acted = Counter(lines(self.acted))
        assert {f"{payout}/{version}" for payout, version, _, _ in states} <= acted.keys()
        return {
            "kills": self.kills,
            "events": len(stored),
            "changes": len(changed),
            "acted_on_again": sum(acted.values()) - len(acted),
        }


def main() -> None:
    """Kill, and print what was found."""
    parser = ArgumentParser("python -m tests.contrib.killed", description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    servers: dict[str, type[SQLite | DatabaseServer]] = {
        "sqlite": SQLite,
        "postgres": Postgres,
        "mariadb": MariaDB,
    }
    for kind in [name for name in servers if name in args.names] or servers:
        for library in [name for name in LIBRARIES if name in args.names] or LIBRARIES:
            server = servers[kind]()
            with TemporaryDirectory() as directory:
                try:
                    database = server.database()
                    make(library, database.url, new=True).close()
                    site = Site(library, database, Path(directory))
                    restarts = 0
                    while site.kills < args.kills:
                        site.kill()
                        if isinstance(server, DatabaseServer):
                            server.stop()
                            server.start()
                            restarts += 1
                    found = {"database": kind, "library": library, **site.check(), "restarts": restarts}
                    print(json.dumps(found), flush=True)
                finally:
                    server.remove()


if __name__ == "__main__":
    main()
