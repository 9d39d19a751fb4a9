"""``decrypt`` and ``encrypt``: show a captured body, or make one."""

from __future__ import annotations

import json
from argparse import Namespace

from .._errors import ErrorCode, MalformedBodyError
from .._formatting import REDACTED, redact
from .._json import collect, decode
from . import settings
from .terminal import Subparsers, UsageError, note, opened, printable

_LIMIT = 1024 * 1024
"""Bytes: many times a body, so that a file that is none does not fill the memory."""
_NO_KEY = {ErrorCode.EMPTY_BODY, ErrorCode.NOT_BASE64, ErrorCode.DECRYPTION_FAILED}
"""The codes where no key fits."""


def add_to(subparsers: Subparsers) -> None:
    """Add the two subcommands to the command."""
    for name, what, run in (
        ("decrypt", "show the JSON in an encrypted body, its secret redacted", _decrypt),
        ("encrypt", "encrypt a body with the newest key", _encrypt),
    ):
        parser = subparsers.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        parser.add_argument("file", metavar="FILE", help="the file to read; - is standard input")
        parser.set_defaults(run=run)


def _decrypt(args: Namespace) -> int:
    cipher, secrets = settings.cipher(), settings.known_secrets()
    body = _body(args.file)
    try:
        payload = decode(cipher.decrypt(body))
        collect(payload, [])  # which says what is nested too deep
    except MalformedBodyError as error:
        problem = f"{error.code}: {error}"
        if error.code not in _NO_KEY:
            # What cannot be read cannot be searched for the secret either.
            problem += " (a key decrypts it, but it is not shown, since it may contain the secret)"
        note(f"rejected: {problem}")
        return 1
    for line in json.dumps(_without_secrets(payload, secrets), ensure_ascii=False, indent=2).split("\n"):
        print(printable(line))
    return 0


def _encrypt(args: Namespace) -> int:
    print(settings.cipher().encrypt(_body(args.file)).decode())
    return 0


def _body(name: str) -> bytes:
    with opened(name) as file:
        body = file.read(_LIMIT + 1)
    if len(body) > _LIMIT:
        raise UsageError(f"{printable(name)}: expected one body, got more than {_LIMIT:,} bytes")
    return body


def _without_secrets(payload: dict[str, object], known: list[str]) -> object:
    """Redact the value of ``authentication``, at any depth, and wherever that value is repeated."""
    secrets = [*known]

    def take(fields: dict[str, object]) -> dict[str, object]:
        for name in fields:
            if name.lower() == "authentication":
                collect([fields[name]], secrets)
                fields[name] = REDACTED
        return fields

    payload = json.loads(json.dumps(payload), object_hook=take)
    return redact(payload, tuple(sorted({*secrets} - {"", "None"}, key=len, reverse=True)))
