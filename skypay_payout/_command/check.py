"""``check``: say what becomes of a body, or of every body in an archive, and what is wrong with it."""

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

from .._errors import ErrorCode, InvalidCallbackError
from .._parser import CallbackParser
from .._pay_type import PayType
from .._results import Accepted, Quarantined, Rejected
from . import settings
from .terminal import BUFFER, Subparsers, UsageError, filled, note, opened, printable, problems, rows

Block: TypeAlias = tuple[int, bytes]
"""Whole lines of an archive, behind the number of the first."""

Result: TypeAlias = Accepted | Quarantined | Rejected

Counts: TypeAlias = "Counter[type[Result] | PayType | ErrorCode]"

_WORDS: dict[type[Result], str] = {
    Accepted: "accepted",
    Quarantined: "quarantined",
    Rejected: "rejected",
}

_MAX_JOBS = 61  # the most that Windows can wait for; one process reads the archive for all of them


def add_to(subparsers: Subparsers) -> None:
    """Add the subcommand to the command."""
    parser = subparsers.add_parser(
        "check",
        help="check a body, or an archive of bodies",
        description="Check a body, or an archive of bodies, and print whether it is accepted, quarantined "
        "(authenticated but invalid) or rejected: the callback, or every problem.",
        epilog="The exit status is 1 if a body is not accepted.",
    )
    parser.add_argument("file", metavar="FILE", help="the file to read; - is standard input")
    parser.add_argument(
        "--lines",
        action="store_true",
        help="FILE has one body per line: print the problems of those not accepted, then counts",
    )
    parser.add_argument(
        "--jobs", type=_jobs, metavar="N", help=f"with --lines: check in N processes, {_MAX_JOBS} at most"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per body")
    parser.set_defaults(run=run)


def _jobs(text: str) -> int:
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= _MAX_JOBS:
        raise ArgumentTypeError(f"expected 1 to {_MAX_JOBS} processes, got {printable(text[:20])}")
    return int(text)


def run(args: Namespace) -> int:
    """Check the file that the arguments name: 0 if every body is accepted, 1 if one is not."""
    if args.lines:
        return _check_lines(settings.parser(), args.file, args.jobs or 1, as_json=args.json)
    if args.jobs:
        raise UsageError("--jobs is for archives; add --lines if FILE has one body per line")
    return _check_body(settings.parser(), args.file, as_json=args.json)


def _check_body(parser: CallbackParser, name: str, *, as_json: bool) -> int:
    with opened(name) as file:
        result = parser.receive(file.read(parser.max_body_size + 1))  # one more shows that it is too large
    if as_json:
        print(_as_json(result))
    elif isinstance(result, Accepted):
        print("accepted", rows(result.callback), sep="\n", end="")
    else:
        print(_WORDS[type(result)], *map(filled, problems(result.error)), sep="\n")
    return int(not isinstance(result, Accepted))


def _check_lines(parser: CallbackParser, name: str, jobs: int, *, as_json: bool) -> int:
    counts: Counts = Counter()
    with opened(name) as file, _progress(file) as (advance, write):
        check = partial(_check_block, parser, as_json)
        for checked in _in_order(check, blocks(file, parser.max_body_size, advance), jobs):
            if checked.text:
                write(checked.text)
            counts += checked.counts
    print(_summary(counts, as_json=as_json))
    return int(counts[Quarantined] + counts[Rejected] > 0)


@frozen
class _Checked:
    text: str
    counts: Counts


def blocks(file: BufferedReader, limit: int, advance: Callable[[int], object]) -> Iterator[Block]:
    """Yield the archive in blocks of whole lines; of a line that is too long, only as much as shows that."""
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
    counts: Counts = Counter()
    for number, line in enumerate(lines.split(b"\n"), first):
        if not line or line.isspace():
            continue
        result = parser.receive(line.removesuffix(b"\r"))
        counts.update(_counted(result))
        if as_json:
            text.append(_as_json(result, line=number) + "\n")
        elif not isinstance(result, Accepted):
            where = f"line {number}: {_WORDS[type(result)]}"
            text.extend(f"{where}: {problem}\n" for problem in problems(result.error))
    return _Checked("".join(text), counts)


def _in_order(check: Callable[[Block], _Checked], items: Iterable[Block], jobs: int) -> Iterable[_Checked]:
    if jobs == 1:
        return map(check, items)
    from .jobs import in_order  # multiprocessing is slow to import

    return in_order(check, items, jobs)


def _counted(result: Result) -> Iterator[type[Result] | PayType | ErrorCode]:
    yield type(result)
    if isinstance(result, Accepted):
        yield result.callback.pay_type
        return
    yield result.error.code
    if isinstance(result.error, InvalidCallbackError):
        for error in result.error.errors:
            yield error.code


def _as_json(result: Result, **where: int) -> str:
    shown: dict[str, object] = {**where, "result": _WORDS[type(result)]}
    if isinstance(result, Accepted):
        shown |= {
            "idempotencyKey": result.callback.idempotency_key,
            "callback": result.callback.to_dict(),
        }
    else:
        shown |= {"code": result.error.code, "message": str(result.error)}
    if isinstance(result, Quarantined):
        shown |= {
            "errors": [
                {"field": error.field, "code": error.code, "message": error.message}
                for error in result.error.errors
            ],
            "controlNumber": result.error.control_number,
            "idempotencyKey": result.error.idempotency_key,
        }
    # In ASCII, so that it is JSON whatever the output's encoding, and nothing in it controls a terminal.
    return json.dumps(shown)


def _summary(counts: Counts, *, as_json: bool) -> str:
    results = {word: counts[result] for result, word in _WORDS.items()}
    statuses = {status.name: counts[status] for status in PayType if status in counts}
    errors = {code.value: counts[code] for code in ErrorCode if code in counts}
    bodies = sum(results.values())
    if as_json:
        return json.dumps({"summary": {"bodies": bodies, **results, "statuses": statuses, "errors": errors}})
    lines = [f"bodies: {bodies:,} ({', '.join(f'{count:,} {word}' for word, count in results.items())})"]
    for title, named in ("accepted, by status", statuses), ("not accepted, by error code", errors):
        if named:
            lines += [title, *(f"  {name:21}  {count:>11,}" for name, count in named.items())]
    return "\n".join(lines)


@contextmanager
def _progress(file: BufferedReader) -> Generator[tuple[Callable[[int], object], Callable[[str], object]]]:
    """Yield what takes the number of bytes read, and what prints: on a terminal with a bar of tqdm."""
    if sys.stderr is not None and sys.stderr.isatty():  # pyright: ignore[reportUnnecessaryComparison]
        try:
            from tqdm import tqdm
        except ImportError:
            note("for a progress bar: pip install 'skypay-payout[command]'")
        else:
            size = os.fstat(file.fileno()).st_size or None  # a pipe has none
            with tqdm(total=size, unit="B", unit_scale=True, leave=False) as bar:
                yield bar.update, partial(bar.write, end="")
            return
    yield lambda _: None, partial(print, end="", flush=True)
