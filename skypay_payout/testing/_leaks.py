"""Find a secret or a key in what an endpoint sent back, in whatever form it repeats it, and show none."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import unquote, unquote_plus

from .._formatting import contains

_ROUNDS = 3
"""How many escapes may be wrapped around each other, such as Base64 in JSON in HTML."""
_PART = 8
"""Characters of a secret that nobody may repeat either, where it is at least twice as long."""

_SHORT_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_escape = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_base64_run = re.compile(r"[A-Za-z0-9+/_-](?:[A-Za-z0-9+/_-]|[\r\n]+(?=[A-Za-z0-9+/_-])){7,}")
_hexadecimal_run = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_is_binary = re.compile(r"[\0-\x08\x0e-\x1f]").search
_is_mixed = re.compile(r"(?=.*[0-9]).*[A-Za-z]", re.DOTALL).match
_to_standard = str.maketrans("-_", "+/", "\r\n")


def parts(secret: str) -> Iterator[str]:
    """Yield what is enough to recognise a secret: 8 characters with letters and digits, which no word has."""
    if len(secret) >= 2 * _PART:
        windows = (secret[at : at + _PART] for at in range(len(secret) - _PART + 1))
        yield from filter(_is_mixed, windows)


def holds_any(data: Iterable[bytes], secrets: Iterable[str]) -> bool:
    """Whether the data hold a secret, as it is or under escapes: JSON, HTML, URLs, Base64, hexadecimal."""
    wanted = tuple({secret.casefold() for secret in secrets if secret})
    texts = {text for one in data for text in _texts(one)}
    seen = set[str]()
    for _ in range(_ROUNDS + 1):
        seen.update(texts)
        if any(contains(text, wanted) for text in set(map(str.casefold, texts))):
            return True
        texts = {form for text in texts if not _is_binary(text) for form in _decoded(text)} - seen
    return False


def _texts(data: bytes) -> Iterator[str]:
    """The data as text, in every encoding that a secret in it could be in."""
    yield data.decode(errors="replace")
    yield data.decode("latin-1")
    if b"\0" in data:
        yield data.replace(b"\0", b"").decode(errors="replace")  # UTF-16, as far as ASCII goes


def _decoded(text: str) -> Iterator[str]:
    """What each decoder makes of the text."""
    if "\\" in text:
        yield _escape.sub(_unescaped, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    yield from {unescape(text), unquote(text), unquote_plus(text)}
    runs = [run[0].translate(_to_standard) for run in _base64_run.finditer(text)]
    for start in range(4) if runs else ():  # what stands before it may be of the same alphabet
        yield from _texts(b"\n".join(_from_base64(run[start:]) for run in runs))
    yield from _texts(b"\n".join(map(bytes.fromhex, _hexadecimal_run.findall(text))))


def _from_base64(run: str) -> bytes:
    whole = len(run) - (len(run) % 4 == 1)  # one character alone is no byte
    return b64decode(run[:whole] + "=" * (-whole % 4))


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _SHORT_ESCAPES.get(match[3], match[3])
