"""The secrets and keys of an account, which no response may repeat and nobody is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress

from .._formatting import redact
from .._parser import CallbackParser
from ._leaks import holds_any, parts
from ._misreading import aes_keys, decrypted_by

NOT_BY_CHANCE = 8
"""Characters of a secret that a response does not hold unless it repeats it."""


class Secrets:
    """What a parser knows, and the keys as they were ``issued``, which it forgets."""

    def __init__(self, parser: CallbackParser, issued: Iterable[str] = ()) -> None:
        self.parser: CallbackParser = parser
        self.issued: tuple[str, ...] = tuple(issued)
        self.aes_keys: tuple[bytes, ...] = aes_keys(parser.cipher)  # oldest first; none for plain bodies
        known = [text for one in parser.credentials for text in one.authentication] + list(self.issued)
        self._secrets = known + [part for secret in known for part in parts(secret)]
        self._secrets += [form for key in self.aes_keys for form in _forms(key)]
        self._clean = set[tuple[bytes, bytes]]()  # headers that hold none: most responses have the same

    def leak(self, headers: Iterable[tuple[bytes, bytes]], body: bytes, near: Iterable[str] = ()) -> str:
        """Say where a response repeats a secret or a key, in a header or the body; ``""`` if it does not.

        ``near`` are near misses that the callback sent as its secret.
        """
        secrets = [one for one in (*self._secrets, *near) if len(one) >= NOT_BY_CHANCE]
        for header in headers:
            if header not in self._clean:
                if holds_any([b": ".join(header)], secrets):
                    return f"the header {header[0].decode('latin-1')}"
                self._clean.add(header)
        return "the body" if holds_any(self.texts(body), secrets) else ""

    def shown(self, body: bytes, near: Iterable[str] = ()) -> str | None:
        """Return the text of a response, decrypted if a key fits; None where it holds a secret or a key."""
        texts = self.texts(body)
        return None if holds_any(texts, (*self._secrets, *near)) else texts[-1].decode(errors="replace")

    def redacted(self, text: bytes, near: Iterable[str] = ()) -> str:
        """Return the text of a callback without a secret."""
        secrets = tuple(sorted({*self._secrets, *near}, key=len, reverse=True))
        shown: str = redact(text.decode(errors="backslashreplace"), secrets)
        if not holds_any([shown.encode(errors="replace")], secrets):
            return shown
        with suppress(ValueError, RecursionError):  # where it is JSON, without its escapes
            shown = json.dumps(redact(json.loads(text), secrets), ensure_ascii=False)
        hidden = holds_any([shown.encode(errors="replace")], secrets)
        return "(not shown, since it holds the secret in another form)" if hidden else shown

    def texts(self, body: bytes) -> list[bytes]:
        """Return the body, and what the keys that fit make of it."""
        return [body, *decrypted_by(self.aes_keys, body)]


def _forms(key: bytes) -> Iterator[str]:
    """The derived key as programs print it; hexadecimal and Base64 are decoded anyway."""
    yield from (key.decode("latin-1"), key.hex(" "), key.hex(":"), ", ".join(map(str, key)))
    yield ", ".join(str(byte - 256 if byte > 127 else byte) for byte in key)  # as Java prints it
