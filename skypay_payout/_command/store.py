"""``store``: make the tables, show what is stored, and do what people do about it."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from .._errors import InvalidCallbackError
from .._history import PayoutStatus
from .._json import decode
from . import settings
from .terminal import Subparsers, UsageError, note, opened, printable, problems

if TYPE_CHECKING:
    from ..contrib.sqlalchemy import Store

URL = "DATABASE_URL"


def add_to(subparsers: Subparsers) -> None:
    """Add the subcommand to the command."""
    parser = subparsers.add_parser(
        "store",
        help="show and manage what skypay_payout.contrib.sqlalchemy has stored",
        description=f"Manage the store at the URL in {URL}: sqlite:///FILE, postgresql+psycopg://... or "
        "mariadb+pymysql://...",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, text: str, run: Callable[[Store, Namespace], int | None]) -> ArgumentParser:
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        command.set_defaults(run=partial(_run, run, is_new=name == "init"))
        return command

    add("init", "make the tables that do not exist yet", lambda store, _: store.create_all())
    events = add(
        "events",
        "print each stored event as a line of JSON",
        lambda store, args: _print(
            (event.to_dict() for event in store.events(args.number)),
            args.number and f"{printable(args.number)}: no event is stored",
        ),
    )
    status = add(
        "status",
        "print the state of each payout as a line of JSON",
        lambda store, args: _print(
            _states(store, args.number),
            args.number
            and f"{printable(args.number)}: nothing is stored, or the worker has not processed it",
        ),
    )
    for command in (events, status):
        command.add_argument("number", metavar="NUMBER", nargs="?", help="of this payout only")
    add(
        "quarantine",
        "print each open quarantined callback as a line of JSON",
        lambda store, _: _print(_quarantined(store)),
    )
    accept = add("accept", "store a corrected callback in place of a quarantined one", _accept)
    accept.add_argument("digest", metavar="DIGEST", help="of the quarantined callback")
    accept.add_argument("file", metavar="FILE", help="its corrected payload, as JSON; - is standard input")
    dismiss = add(
        "dismiss",
        "close a quarantined callback that nothing follows from",
        lambda store, args: store.dismiss(args.digest, who=args.who, why=args.why),
    )
    dismiss.add_argument("digest", metavar="DIGEST", help="of the quarantined callback")
    decide = add(
        "decide",
        "record a person's finding about a conflicting payout",
        lambda store, args: store.decide(args.number, PayoutStatus(args.status), who=args.who, why=args.why),
    )
    decide.add_argument("number", metavar="NUMBER", help="the control number")
    decide.add_argument("status", choices=["PAID", "CANCELLED", "FAILED"], help="the true status")
    for command in (accept, dismiss, decide):
        command.add_argument("--who", metavar="NAME", required=True, help="who says so")
    for command in (dismiss, decide):
        command.add_argument("--why", metavar="TEXT", required=True, help="for what reason")
    retry = add("retry", "act again on payouts whose action failed too often", _retry)
    retry.add_argument("numbers", metavar="NUMBER", nargs="+", help="the control numbers")
    prune = add(
        "prune",
        "delete settled payouts, and print how many",
        lambda store, args: print(store.prune(args.older_than)),
    )
    prune.add_argument(
        "--older-than", metavar="DAYS", type=_days, required=True, help="those that have not changed since"
    )
    backup = add(
        "backup", "copy a SQLite database while it is in use", lambda store, args: store.backup(args.file)
    )
    backup.add_argument("file", metavar="FILE", help="the copy, which must not exist yet")


def _days(text: str) -> timedelta:
    if text.isdecimal() and text.isascii() and len(text) < 6:
        return timedelta(days=int(text))
    raise ArgumentTypeError("expected a number of days")


def _run(run: Callable[[Store, Namespace], int | None], args: Namespace, *, is_new: bool) -> int:
    url = os.environ.get(URL)
    if not url:
        raise UsageError(f"{URL}: expected the URL of the database, got none: set it in the environment")
    try:
        from sqlalchemy.exc import DBAPIError, ProgrammingError
    except ImportError:
        raise UsageError("the store needs SQLAlchemy: pip install 'skypay-payout[sqlalchemy]'") from None
    from ..contrib.sqlalchemy import Store
    from ..contrib.sqlalchemy._database import DRIVERS, checked

    try:
        database = checked(url)
        file = str(database.database)
        if not is_new and DRIVERS[database.drivername] == "sqlite" and not os.path.exists(file):
            raise UsageError(
                f"{URL}: expected the file of a store, got {printable(file)}, which does not exist"
            )
        with closing(Store(database)) as store:
            status = run(store, args)
    except InvalidCallbackError as error:
        raise UsageError("; ".join(problems(error))) from None
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        hint = ": run skypay-payout store init first?" if isinstance(error, ProgrammingError) else ""
        raise UsageError(f"the database says: {reason}{hint}") from None
    except (ImportError, ValueError) as error:
        raise UsageError(str(error)) from None
    return status or 0


def _print(items: Iterable[dict[str, Any]], if_none: str | None = None) -> int:
    found = False
    for item in items:
        found = True
        print(json.dumps(item))  # in ASCII, so that nothing in it controls a terminal
    if found or if_none is None:
        return 0
    note(if_none)
    return 1


def _states(store: Store, number: str | None) -> Iterable[dict[str, Any]]:
    states = store.states() if number is None else [(number, store.state(number))]
    for each, state in states:
        if state is not None:
            yield {"controlNumber": each, **json.loads(state.to_json())}


def _quarantined(store: Store) -> Iterable[dict[str, Any]]:
    for row in store.quarantined():
        yield {
            "digest": row.digest,
            "controlNumber": row.control_number,
            "payload": row.payload,
            "errors": [
                {"field": error.field, "code": error.code, "message": error.message} for error in row.errors
            ],
            "receivedAt": row.received_at.isoformat(),
        }


def _retry(store: Store, args: Namespace) -> None:
    for number in args.numbers:
        store.retry(number)


def _accept(store: Store, args: Namespace) -> None:
    parser = settings.parser()
    with opened(args.file) as file:
        payload = decode(file.read(parser.max_body_size + 1))  # a duplicate field is an error
    if payload.keys() >= {"payload", "digest"}:
        raise UsageError(f"expected the payload alone in {printable(args.file)}, got the whole line")
    store.accept(args.digest, parser.revalidate(payload), who=args.who)
