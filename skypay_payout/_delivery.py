"""A callback delivered over HTTP as SkyPay does, and whether the reply is what the specification wants.

HTTP is httpx's: unlike urllib it has a timeout for everything and no exception for a refusal, and unlike
requests it ships its types. It comes with the extra ``http``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, cast

from attrs import field, frozen

try:
    import httpx
except ImportError as _missing:
    raise ImportError(
        "delivering callbacks needs the extra 'http': pip install 'skypay-payout[http]'"
    ) from _missing

from ._acknowledgement import acknowledge
from ._formatting import quoted
from ._parser import CallbackParser
from ._redaction import longest_first, redact
from ._times import SKYPAY_ZONE

if TYPE_CHECKING:
    from .encryption import BodyCipher

PATIENCE = 10.0
"""Seconds until a delivery without a reply is given up."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far responseTime may be from the time here: clocks differ, but no two zones are this close."""
_MOST = 65536
"""Bytes of a reply that are read."""

_FIXED = acknowledge().to_dict()
_is_response_time = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{4}", re.ASCII).fullmatch


class NoReply(Exception):
    """The endpoint gave no reply. The message is one line that says why; it holds nothing that was sent."""


class Unreachable(NoReply):
    """There was nobody to deliver to."""


class CutOff(NoReply):
    """The endpoint closed the connection instead of answering."""


@frozen
class Reply:
    """What an endpoint answered."""

    status: int
    """The HTTP status."""
    body: bytes
    """At most 64 KiB of it, as it came."""
    sent: datetime
    """When the delivery began: aware, in UTC+8."""
    seconds: float
    """From then until the whole reply was here, with the time to connect."""


@frozen
class Endpoint:
    """A partner's endpoint, and the parser that it should be using: its account, secrets and keys."""

    url: str
    parser: CallbackParser
    _client: httpx.Client = field(repr=False)

    def deliver(self, body: bytes) -> Reply:
        """Post the body over a connection of its own, and wait for the reply. Redirects are not followed.

        Raises ``NoReply`` where there is none.
        """
        sent, start = datetime.now(SKYPAY_ZONE), perf_counter()
        content = bytearray()
        try:
            with self._client.stream(
                "POST", self.url, content=body, headers={"Content-Type": "text/plain"}
            ) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > _MOST:
                        break
                    if perf_counter() - start > PATIENCE:
                        raise httpx.ReadTimeout("")
        except httpx.TimeoutException:
            raise NoReply(f"no reply within {PATIENCE:.0f} s") from None
        except httpx.ConnectError as error:
            raise Unreachable(f"cannot connect: {error}") from None
        except httpx.RequestError as error:
            raise CutOff(f"the connection was cut off ({type(error).__name__})") from None
        return Reply(response.status_code, bytes(content[:_MOST]), sent, perf_counter() - start)

    def unacknowledged(self, reply: Reply, key_index: int = -1) -> str:
        """Everything by which the reply is not the fixed acknowledgement; "" if it is.

        ``key_index`` says which of the parser's keys sealed the request: the reply must be under it too.
        """
        if reply.status != 200:
            return f"answered {reply.status}; expected 200"
        text = reply.body
        if self.parser.cipher:
            try:
                text = _keys(self.parser)[key_index].decrypt(reply.body)
            except Exception:
                return self._unopened(reply.body)
        try:
            members = _members(text)
        except ValueError:
            return f"the reply is no JSON object but {self._shown(text.decode(errors='replace'))}"
        return "; ".join(self._wrong(members, reply))

    def unrefused(self, reply: Reply) -> str:
        """Why the reply is no refusal; "" if it is one: a status from 400 to 499, and no acknowledgement.

        SkyPay does not say whether it goes by the status or by the body, so neither may look like one.
        """
        for text in (reply.body, *self._opened(reply.body)):
            try:
                code = _members(text).get("responseCode")
            except ValueError:
                continue
            if str(code) == _FIXED["responseCode"]:
                return f"answered {reply.status} with responseCode 1000, so it was acknowledged; expected 4xx"
        if 400 <= reply.status < 500:
            return ""
        return f"answered {reply.status}; expected a refusal, 400 to 499"

    def shown(self, reply: Reply) -> str:
        """The reply's text, decrypted if a key opens it, without the secrets."""
        text = next(self._opened(reply.body), reply.body).decode(errors="replace")
        return str(redact(text, self._secrets()))

    def _opened(self, body: bytes) -> Iterator[bytes]:
        for cipher in reversed(_keys(self.parser)):
            try:
                text = cipher.decrypt(body)
            except Exception:  # noqa: S112  whatever a cipher raises, it does not open the body
                continue
            yield text

    def _unopened(self, body: bytes) -> str:
        for text, how in (
            (body, "plain JSON"),
            *((text, "under another key") for text in self._opened(body)),
        ):
            try:
                _members(text)
            except ValueError:
                continue
            return f"the reply is {how}; expected it encrypted with the key that sealed the callback"
        shown = self._shown(body.decode(errors="replace"))
        return f"the key that sealed the callback does not open the reply, {shown}"

    def _wrong(self, members: dict[str, object], reply: Reply) -> Iterator[str]:
        for name, expected in _FIXED.items():
            value = members.pop(name, None)
            if value is None:
                yield f"{name} is missing"
            elif name == "responseTime":
                yield from self._wrong_time(value, reply)
            elif value != expected:
                yield f"{name} is {self._shown(value)}; expected {expected!r}"
        if members:
            names = ", ".join(self._shown(name) for name in members)
            yield f"the reply holds {names} too; expected the three members and no others"

    def _wrong_time(self, value: object, reply: Reply) -> Iterator[str]:
        time = None
        if isinstance(value, str) and _is_response_time(value):
            with suppress(ValueError):
                time = datetime.fromisoformat(f"{value[:-5]}+08:00")
        if time is None:
            yield f"responseTime is {self._shown(value)}; expected the form yyyy-MM-dd HH:mm:ss.SSSS"
        elif not -CLOCKS_DIFFER < time - reply.sent < CLOCKS_DIFFER + timedelta(seconds=reply.seconds):
            here = f"{reply.sent:%Y-%m-%d %H:%M}"
            yield f"responseTime is {self._shown(value)}; expected the present in UTC+8, {here} (5 min aside)"

    def _shown(self, value: object) -> str:
        return quoted(redact(value, self._secrets()))

    def _secrets(self) -> tuple[str, ...]:
        secrets = [secret for account in self.parser.credentials for secret in account.authentication]
        # An endpoint may echo the JSON that it was sent, in which a secret can be escaped.
        escaped = [json.dumps(secret)[1:-1] for secret in secrets]
        half_escaped = [json.dumps(secret, ensure_ascii=False)[1:-1] for secret in secrets]
        return longest_first(secrets + escaped + half_escaped)


@contextmanager
def endpoint(url: str, parser: CallbackParser) -> Generator[Endpoint]:
    """The endpoint at this URL. Proxies and certificates are the environment's, as httpx documents them.

    Raises ``ValueError`` if ``url`` is no URL of HTTP.
    """
    try:
        parsed = httpx.URL(url)
        is_http = parsed.scheme in ("http", "https") and parsed.host
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(f"the URL is none: {error}") from None
    if not is_http:
        raise ValueError("the URL is not one of HTTP; expected http://... or https://...")
    # A connection of its own for each delivery: a server may close one on which it refused a body.
    with httpx.Client(timeout=PATIENCE, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        yield Endpoint(url, parser, client)


def _keys(parser: CallbackParser) -> tuple[BodyCipher, ...]:
    if parser.cipher is None:
        return ()
    from .encryption import single_keys

    return single_keys(parser.cipher)


def _members(text: bytes) -> dict[str, object]:
    """The one JSON object that the text holds, strictly: whatever reads replies may tolerate nothing.

    Raises ``ValueError``.
    """

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError
        return members

    try:
        value: object = json.loads(text.decode(), object_pairs_hook=once)
    except RecursionError:
        value = None
    if not isinstance(value, dict):
        raise ValueError
    return cast("dict[str, object]", value)
