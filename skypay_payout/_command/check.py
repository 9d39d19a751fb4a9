"""``check``: show whether a body, or each body in an archive, is accepted, and everything that is wrong."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedReader

from attrs import field, frozen

from .._errors import ErrorCode, InvalidCallbackError
from .._parser import CallbackParser
from .._pay_type import PayType
from .._results import Accepted, Quarantined, Rejected, Result
from . import settings
from .terminal import BUFFER, Subparsers, UsageError, filled, note, opened, printable, problems, rows

_WORDS: dict[type[Result], str] = {
    Accepted: "accepted",
    Quarantined: "quarantined",
    Rejected: "rejected",
}
_KINDS = {
    b"\xff\xfe": "UTF-16, as PowerShell's redirection writes it: save the bytes as they were received",
    b"\xfe\xff": "UTF-16: save the bytes as they were received",
    b"\x1f\x8b": "compressed with gzip: decompress it first",
}
"""By its first bytes, what a file is that holds no body as it was received."""


def add_to(subparsers: Subparsers) -> None:
    """Add the subcommand to the command."""
    parser = subparsers.add_parser(
        "check",
        help="check bodies, or archives of bodies",
        description="Check a body, or an archive of bodies, and print whether it is accepted, quarantined "
        "(authenticated but invalid) or rejected: the callback, or every problem.",
        epilog="The exit status is 1 if a body is not accepted.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a file to read; - is standard input")
    parser.add_argument(
        "--lines",
        action="store_true",
        help="each FILE has one body per line: print the problems of those not accepted, then counts",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per body")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Check the files that the arguments name: 0 if every body is accepted, 1 if one is not."""
    if args.lines:
        return _check_lines(settings.parser(), args.files, as_json=args.json)
    return _check_bodies(settings.parser(), args.files, as_json=args.json)


def _check_bodies(parser: CallbackParser, names: list[str], *, as_json: bool) -> int:
    all_accepted, several = True, len(names) > 1
    for name in names:
        with opened(name) as file:
            body = file.read(parser.max_body_size + 1)  # one more shows that it is too large
        result = parser.receive(body)
        if as_json:
            print(_as_json(result, **{"file": name} if several else {}))
        else:
            print(f"{printable(name)}: {_WORDS[type(result)]}" if several else _WORDS[type(result)])
            if isinstance(result, Accepted):
                print(rows(result.callback), end="")
            else:
                print(*map(filled, problems(result.error)), sep="\n")
        if not isinstance(result, Accepted):
            all_accepted = False
            if body[:2] in _KINDS:
                print(end="", flush=True)  # before what is about it
                note(f"{printable(name)} is {_KINDS[body[:2]]}")
    return int(not all_accepted)


def _check_lines(parser: CallbackParser, names: list[str], *, as_json: bool) -> int:
    counts = _Counts()
    for name in names:
        where = {"file": name} if len(names) > 1 else {}
        with opened(name) as file, _progress(file) as (advance, write):
            if (start := file.peek(2)[:2]) in _KINDS:
                raise UsageError(f"{printable(name)} is {_KINDS[start]}")
            for number, line in _lines(file, parser.max_body_size, advance):
                if not line or line.isspace():
                    continue
                result = parser.receive(line)
                counts.add(result)
                if as_json:
                    write(_as_json(result, **where, line=number) + "\n")
                elif not isinstance(result, Accepted):
                    at = f"{printable(name)}: line {number}" if where else f"line {number}"
                    write("".join(f"{at}: {problem}\n" for problem in _problems(result)))
    print(counts.summary(as_json=as_json))
    return int(counts.results[Quarantined] + counts.results[Rejected] > 0)


def _lines(file: BufferedReader, limit: int, advance: Callable[[int], object]) -> Iterator[tuple[int, bytes]]:
    """Yield number and text of each line; of one that is too long, only as much as shows that."""
    number = 0
    while line := file.readline(limit + len(b"\r\n")):
        number += 1
        advance(len(line))
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(BUFFER)):
            advance(len(rest))
        yield number, line.removesuffix(b"\n").removesuffix(b"\r")


def _problems(result: Quarantined | Rejected) -> Iterator[str]:
    """Yield all that is wrong: of an authenticated sender also which payout it is about."""
    word = _WORDS[type(result)]
    if isinstance(result.error, InvalidCallbackError):
        word += f": control number {result.error.control_number or 'unknown'}"
    return (f"{word}: {problem}" for problem in problems(result.error))


def _as_json(result: Result, **where: object) -> str:
    shown: dict[str, object] = {**where, "result": _WORDS[type(result)]}
    if isinstance(result, Accepted):
        shown |= {
            "idempotencyKey": result.callback.idempotency_key,
            "digest": result.callback.digest,
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
            "digest": result.error.digest,
        }
    # In ASCII, so that it is JSON whatever the output's encoding, and nothing in it controls a terminal.
    return json.dumps(shown)


@frozen
class _Counts:
    """How many bodies there were of each kind: each counts once among the statuses and codes."""

    results: Counter[type[Result]] = field(factory=Counter[type[Result]])
    statuses: Counter[PayType] = field(factory=Counter[PayType])
    codes: Counter[ErrorCode] = field(factory=Counter[ErrorCode])
    fields: Counter[tuple[str, ErrorCode]] = field(factory=Counter[tuple[str, ErrorCode]])

    def add(self, result: Result) -> None:
        self.results[type(result)] += 1
        if isinstance(result, Accepted):
            self.statuses[result.callback.pay_type] += 1
            return
        self.codes[result.error.code] += 1
        if isinstance(result.error, InvalidCallbackError):
            self.fields.update((error.field, error.code) for error in result.error.errors)

    def tables(self) -> dict[str, dict[str, int]]:
        """Return the counts by their names, in the order of the specification and of ``ErrorCode``."""
        return {
            "statuses": {status.name: self.statuses[status] for status in sorted(self.statuses)},
            "errors": {code.value: self.codes[code] for code in ErrorCode if code in self.codes},
            "fields": {f"{name}: {code}": self.fields[name, code] for name, code in sorted(self.fields)},
        }

    def summary(self, *, as_json: bool) -> str:
        bodies = self.results.total()
        words = {word: self.results[result] for result, word in _WORDS.items()}
        tables = self.tables()
        if as_json:
            return json.dumps({"summary": {"bodies": bodies, **words, **tables}})
        lines = [f"bodies: {bodies:,} ({', '.join(f'{count:,} {word}' for word, count in words.items())})"]
        for title, table in zip(_TITLES, tables.values(), strict=True):
            if table:
                lines += [title, *(f"  {name:32}  {count:>11,}" for name, count in table.items())]
        return "\n".join(lines)


_TITLES = (
    "accepted, by status",
    "not accepted, by error code",
    "quarantined, by field and error code",
)


@contextmanager
def _progress(file: BufferedReader) -> Generator[tuple[Callable[[int], object], Callable[[str], object]]]:
    """Yield a function that takes the number of bytes read, and one that prints: on a terminal with a bar."""
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
