"""``check``: whether bodies are good callbacks, and if not, everything that is wrong with them."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from typing import TypeAlias

from attrs import frozen

from .._callback import PayoutCallback
from .._errors import CallbackError, ErrorCode, InvalidCallbackError, MalformedBodyError
from .._parser import CallbackParser
from .._pay_type import PayType
from . import settings
from .terminal import BUFFER, Subparsers, UsageError, filled, opened, printable, problems, rows

Block: TypeAlias = tuple[int, bytes]
"""Whole lines of an archive, behind the number of the first."""

Counts: TypeAlias = "Counter[PayType | ErrorCode]"


def add_to(subparsers: Subparsers) -> None:
    """Adds the subcommand to the command."""
    parser = subparsers.add_parser(
        "check",
        help="check a body, or an archive of bodies",
        description="Check a body, or an archive of them: print the callback, or every problem.",
    )
    parser.add_argument("file", metavar="FILE", help="what to read; - is standard input")
    parser.add_argument(
        "--lines", action="store_true", help="FILE has one body a line: print what is refused, then counts"
    )
    parser.add_argument("--jobs", type=_jobs, metavar="N", help="with --lines: check in N processes")
    parser.add_argument("--json", action="store_true", help="print one JSON object a body, for machines")
    parser.set_defaults(run=run)


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{printable(text)} is not a number of processes, from 1 upwards")
    return int(text)


def run(args: Namespace) -> int:
    """Checks what the arguments name: 0 if all of it is good, 1 if something was refused."""
    if args.lines:
        return _check_lines(settings.parser(), args.file, args.jobs or 1, as_json=args.json)
    if args.jobs:
        raise UsageError("--jobs is for archives; add --lines if FILE has one body a line")
    return _check_body(settings.parser(), args.file, as_json=args.json)


def _check_body(parser: CallbackParser, name: str, *, as_json: bool) -> int:
    with opened(name) as file:
        received = _received(parser, file.read(parser.max_body_size + 1))
    if as_json:
        print(_as_json(received))
    elif isinstance(received, CallbackError):
        print("refused", *map(filled, problems(received)), sep="\n")
    else:
        print("accepted", rows(received), sep="\n", end="")
    return int(isinstance(received, CallbackError))


def _check_lines(parser: CallbackParser, name: str, jobs: int, *, as_json: bool) -> int:
    found: Counts = Counter()
    refused = 0
    with opened(name) as file, _progress(file) as (advance, write):
        check = partial(_check_block, parser, as_json)
        for checked in _in_order(check, blocks(file, parser.max_body_size, advance), jobs):
            if checked.text:
                write(checked.text)
            found += checked.found
            refused += checked.refused
    print(_summary(found, refused, as_json=as_json))
    return int(refused > 0)


@frozen
class _Checked:
    text: str
    refused: int
    found: Counts


def blocks(file: BufferedReader, limit: int, advance: Callable[[int], object]) -> Iterator[Block]:
    """The archive in blocks of whole lines. Of a line that is too long, no more than shows that is kept."""
    number = 1
    while block := file.read1(BUFFER):
        if not block.endswith(b"\n"):
            block += file.readline(limit + len(b"\r\n"))
        advance(len(block))
        last = block
        while last and not last.endswith(b"\n"):
            last = file.readline(BUFFER)
            advance(len(last))
        yield number, block
        number += block.count(b"\n") + (not block.endswith(b"\n"))


def _check_block(parser: CallbackParser, as_json: bool, block: Block) -> _Checked:
    first, lines = block
    text: list[str] = []
    refused = 0
    found: Counts = Counter()
    for number, line in enumerate(lines.split(b"\n"), first):
        if not line or line.isspace():
            continue
        received = _received(parser, line.removesuffix(b"\r"))
        if isinstance(received, CallbackError):
            refused += 1
            found[received.code] += 1
            if isinstance(received, InvalidCallbackError):
                found.update(error.code for error in received.errors)
            if not as_json:
                text.extend(f"line {number}: {problem}\n" for problem in problems(received))
        else:
            found[received.pay_type] += 1
        if as_json:
            text.append(_as_json(received, line=number) + "\n")
    return _Checked("".join(text), refused, found)


def _in_order(check: Callable[[Block], _Checked], items: Iterable[Block], jobs: int) -> Iterable[_Checked]:
    if jobs == 1:
        return map(check, items)
    from .jobs import in_order  # multiprocessing is slow to import

    return in_order(check, items, jobs)


def _received(parser: CallbackParser, body: bytes) -> PayoutCallback | CallbackError:
    if len(body) > parser.max_body_size:  # perhaps cut, so the parser could not tell its size
        limit = parser.max_body_size
        return MalformedBodyError(
            ErrorCode.TOO_LARGE, f"the body has more than {limit} bytes; expected at most {limit}"
        )
    try:
        return parser.parse(body)
    except CallbackError as error:
        return error


def _as_json(received: PayoutCallback | CallbackError, **where: int) -> str:
    # In ASCII, so that it is JSON whatever the output's encoding, and nothing in it moves a terminal.
    told = _accepted(received) if isinstance(received, PayoutCallback) else _refused(received)
    return json.dumps(where | told)


def _accepted(callback: PayoutCallback) -> dict[str, object]:
    members = {
        "userName": callback.user_name,
        "controlNumber": callback.control_number,
        "payType": callback.pay_type,
        "status": callback.pay_type.name,
        "dealTime": callback.deal_time.isoformat(),
        "failDescription": callback.fail_description,
        "referenceNumber": callback.reference_number,
        "extra": callback.extra,
        "idempotencyKey": callback.idempotency_key,
    }
    return {"accepted": True, "callback": members}


def _refused(error: CallbackError) -> dict[str, object]:
    wrong = error.errors if isinstance(error, InvalidCallbackError) else ()
    errors = [{"field": one.field, "code": one.code, "message": one.message} for one in wrong]
    return {"accepted": False, "code": error.code, "message": str(error), "errors": errors}


def _summary(found: Counts, refused: int, *, as_json: bool) -> str:
    statuses = {status.name: found[status] for status in PayType if status in found}
    errors = {code.value: found[code] for code in ErrorCode if code in found}
    accepted = sum(statuses.values())
    if as_json:
        bodies = {"bodies": accepted + refused, "accepted": accepted, "refused": refused}
        return json.dumps({"summary": {**bodies, "statuses": statuses, "errors": errors}})
    lines = [f"bodies: {accepted + refused:,} ({accepted:,} accepted, {refused:,} refused)"]
    for title, counts in ("accepted, by status", statuses), ("refused, by error code", errors):
        if counts:
            lines += [title, *(f"  {name:16}  {count:>11,}" for name, count in counts.items())]
    return "\n".join(lines)


@contextmanager
def _progress(file: BufferedReader) -> Generator[tuple[Callable[[int], object], Callable[[str], object]]]:
    """How to tell of bytes read, and how to print; with a bar if a person looks on and tqdm is there."""
    if sys.stderr is not None and sys.stderr.isatty():
        try:
            from tqdm import tqdm
        except ImportError:
            print("for a progress bar: pip install 'skypay-payout[command]'", file=sys.stderr)
        else:
            size = os.fstat(file.fileno()).st_size or None  # a pipe has none
            with tqdm(total=size, unit="B", unit_scale=True, leave=False) as bar:
                yield bar.update, partial(bar.write, end="")
            return
    yield lambda _: None, partial(print, end="", flush=True)
