"""Verify a response: whether it acknowledges, whether it rejects, and whether it repeats a secret."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

from attrs import Factory, field, frozen

from .._acknowledgement import acknowledge
from .._formatting import quoted
from .._parser import CallbackParser
from ._delivery import HttpResponse
from ._leaks import holds_any

if TYPE_CHECKING:
    from ..encryption import BodyCipher

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far responseTime may be from the time here: clocks differ, but no two zones are this close."""
_NOT_BY_CHANCE = 8
"""Characters of a secret that a response does not hold unless it repeats it."""

_FIXED = acknowledge().to_dict()
_is_response_time = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{4}", re.ASCII).fullmatch

LEAKED = "the response repeats the authentication secret or a key, so it is not shown"


class RateLimited(Exception):
    """The endpoint answered 429, which says nothing about the callback."""


def ciphers(parser: CallbackParser) -> tuple[BodyCipher, ...]:
    """A cipher for each of the parser's keys, oldest first; none where bodies are plain."""
    if parser.cipher is None:
        return ()
    from ..encryption import single_keys  # an extra, which plain bodies do not need

    return single_keys(parser.cipher)


def _keys(verifier: Verifier) -> tuple[BodyCipher, ...]:
    return ciphers(verifier.parser)


@frozen
class Verifier:
    """What the parser of an endpoint says about its responses."""

    parser: CallbackParser
    keys: tuple[str, ...] = field(default=(), repr=False)
    """The keys as issued, which the parser does not keep, so that no response shows one."""

    _single_keys: tuple[BodyCipher, ...] = field(
        init=False, repr=False, default=Factory(_keys, takes_self=True)
    )

    _clean_headers: deque[bytes] = field(
        init=False, repr=False, eq=False, factory=partial(deque[bytes], maxlen=8)
    )
    """The last headers that hold no secret: within a second, most responses have the same ones."""

    @property
    def newest_key(self) -> BodyCipher | None:
        """What encrypts callbacks; None where bodies are plain."""
        return self._single_keys[-1] if self._single_keys else None

    def acknowledgement_problem(self, response: HttpResponse, cipher: BodyCipher | None) -> str:
        """Everything by which the response is not the acknowledgement; ``""`` if it is.

        ``cipher`` is what encrypted the callback: the response must be encrypted with the same key.
        """
        problem = self._unlike_acknowledgement(response, cipher)
        # The acknowledgement itself has room for nothing else, but its headers have.
        leaks = self._repeats(response, self._secrets()) if problem else self._leaks_in_headers(response)
        return LEAKED if leaks else problem

    def _unlike_acknowledgement(self, response: HttpResponse, cipher: BodyCipher | None) -> str:
        if response.status != 200:
            return f"expected status 200, got {response.status}{_ADVICE.get(response.status, '')}"
        encoding = response.header(b"content-encoding")
        if encoding.lower() not in ("", "identity"):
            return (
                f"expected no Content-Encoding, since none was asked for, got {quoted(encoding)}: "
                "switch compression off"
            )
        text = response.body
        if cipher is not None:
            try:
                text = cipher.decrypt(response.body)
            except ValueError:
                return self._not_decrypted(response.body)
        fields = self._read(text)
        return fields if isinstance(fields, str) else "; ".join(self._wrong_fields(fields, response))

    def response_time(self, response: HttpResponse, cipher: BodyCipher | None) -> datetime:
        """The responseTime of an acknowledgement."""
        fields = _object(response.body if cipher is None else cipher.decrypt(response.body))
        return cast("datetime", _response_time(fields["responseTime"]))

    def rejection_problem(self, response: HttpResponse) -> str:
        """Why the response is not a rejection; ``""`` if it is one: a status from 400 to 499, and no 1000.

        SkyPay does not say whether it goes by the status or by the body, so neither may look like an
        acknowledgement. Raises ``RateLimited`` for 429.
        """
        for text in (response.body, *self._decrypted(response.body)):
            if _says_1000(text):
                return (
                    f"expected a status from 400 to 499, got {response.status} with responseCode 1000: "
                    "it was acknowledged"
                )
        if response.status == 429:
            raise RateLimited
        if 400 <= response.status < 500:
            return ""
        return f"expected a status from 400 to 499, got {response.status}"

    def leaks(self, response: HttpResponse, sent: Iterable[str] = ()) -> bool:
        """Whether the response repeats a secret or a key in a way that cannot be chance.

        ``sent`` are secrets of that callback, such as near misses of the real one.
        """
        return self._repeats(response, _long((*self._secrets(), *sent)))

    def shown(self, response: HttpResponse) -> str | None:
        """The text of the response, decrypted if a key fits; None where it holds a secret or a key."""
        if self._repeats(response, self._secrets()):
            return None
        return next(self._decrypted(response.body), response.body).decode(errors="replace")

    def _repeats(self, response: HttpResponse, secrets: list[str]) -> bool:
        in_headers = holds_any(_headers(response), secrets, _nothing)
        return in_headers or holds_any(response.body, secrets, self._decrypted)

    def _leaks_in_headers(self, response: HttpResponse) -> bool:
        headers = _headers(response)
        if headers in self._clean_headers:
            return False
        leaks = holds_any(headers, _long(self._secrets()), _nothing)
        if not leaks:
            self._clean_headers.append(headers)
        return leaks

    def _secrets(self) -> list[str]:
        return [
            *(secret for account in self.parser.credentials for secret in account.authentication),
            *self.keys,
        ]

    def _decrypted(self, body: bytes) -> Iterator[bytes]:
        for key in self._single_keys:
            with suppress(ValueError):
                yield key.decrypt(body)

    def _not_decrypted(self, body: bytes) -> str:
        if _fields(body) is not None:
            how = "one in plain JSON"
        elif any(_fields(text) is not None for text in self._decrypted(body)):
            how = "one under another key"
        else:
            how = f"{quoted(body.decode(errors='replace'))}, which no key decrypts to JSON"
        return f"expected a response encrypted with the key of the callback, got {how}"

    def _read(self, text: bytes) -> dict[str, object] | str:
        try:
            return _object(text)
        except ValueError as error:
            return f"expected one JSON object, got {quoted(text.decode(errors='replace'))}: {error}"

    def _wrong_fields(self, fields: dict[str, object], response: HttpResponse) -> Iterator[str]:
        for name, expected in _FIXED.items():
            value = fields.pop(name, None)
            if value is None:
                yield f"expected {name}, got none"
            elif name == "responseTime":
                yield from self._wrong_time(value, response)
            elif value != expected:
                yield f"{name}: expected {quoted(expected)}, got {quoted(value)}{_kind(value)}"
        if fields:
            names = ", ".join(map(quoted, sorted(fields)))
            yield f"expected the three fields and no others, got {names} too"

    def _wrong_time(self, value: object, response: HttpResponse) -> Iterator[str]:
        time = _response_time(value)
        if time is None:
            yield f"responseTime: expected yyyy-MM-dd HH:mm:ss.SSSS, got {quoted(value)}{_kind(value)}"
            return
        late = time - response.sent
        if not -CLOCKS_DIFFER < late < CLOCKS_DIFFER + timedelta(seconds=response.seconds):
            here = f"{response.sent:%Y-%m-%d %H:%M}"
            yield (
                f"responseTime: expected the present in UTC+8, {here}, got {quoted(value)}: {_off_by(late)}"
            )


_ADVICE = {
    404: " (is the path right?)",
    405: " (does the path take POST?)",
    429: " (a rate limit: try --pause)",
} | dict.fromkeys(range(300, 400), " (SkyPay is not known to follow redirects: give the final URL)")


def _response_time(value: object) -> datetime | None:
    """The instant that a responseTime names; None if it does not have its form (point 6)."""
    if isinstance(value, str) and _is_response_time(value):
        with suppress(ValueError):
            return datetime.fromisoformat(f"{value[:-5]}+08:00") + timedelta(seconds=int(value[-4:]) / 10000)
    return None


def _off_by(late: timedelta) -> str:
    hours = round(late / timedelta(hours=1))
    if hours and abs(late - timedelta(hours=hours)) < CLOCKS_DIFFER:
        zone = " (UTC)" if hours == -8 else ""
        return f"it is {abs(hours)} h {'early' if hours < 0 else 'late'}{zone}"
    direction = "early" if late < timedelta() else "late"
    return f"it is {abs(late.total_seconds()):.0f} s {direction}; are both clocks set?"


def _kind(value: object) -> str:
    return "" if isinstance(value, str) else " (a string is expected)"


def _headers(response: HttpResponse) -> bytes:
    return b"\n".join(b": ".join(header) for header in response.headers)


def _long(secrets: Iterable[str]) -> list[str]:
    return [secret for secret in secrets if len(secret) >= _NOT_BY_CHANCE]


def _nothing(_body: bytes) -> Iterator[bytes]:
    return iter(())


def _says_1000(text: bytes) -> bool:
    fields = _fields(text)
    return fields is not None and str(fields.get("responseCode")) == _FIXED["responseCode"]


def _object(text: bytes) -> dict[str, object]:
    """The one JSON object that the text holds. Strictly: whatever reads responses may tolerate nothing.

    Raises ``ValueError`` that says what is wrong and where.
    """
    try:
        value: object = json.loads(text.decode(), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        problem = f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start}"
    except _DuplicateField as error:
        problem = f"the field {quoted(error.args[0])} is there twice"
    except (RecursionError, ValueError):
        problem = "nested too deep, or a number of too many digits"
    else:
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
        problem = "another JSON value"
    raise ValueError(problem)


def _fields(text: bytes) -> dict[str, object] | None:
    with suppress(ValueError):
        return _object(text)
    return None


class _DuplicateField(Exception):
    pass


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict[str, object]()
    for name, value in pairs:
        if name in fields:
            raise _DuplicateField(name)
        fields[name] = value
    return fields
