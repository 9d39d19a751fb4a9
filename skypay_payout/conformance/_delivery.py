"""Deliver callbacks over HTTP as SkyPay does, within one deadline whatever comes back.

HTTP is httpx's, from the extra ``http``. Its event loop runs in a thread of its own, so that callers
need none and many deliveries can be made at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Generator, Sequence
from concurrent.futures import Future
from contextlib import aclosing, contextmanager
from datetime import datetime
from functools import cache
from http.cookiejar import CookieJar
from threading import Thread
from time import perf_counter
from typing import TypeVar

from attrs import frozen

try:
    import httpx
except ImportError as _missing:
    raise ImportError(
        "delivering callbacks needs the extra 'http': pip install 'skypay-payout[http]'"
    ) from _missing

from .._times import SKYPAY_ZONE

DEADLINE = 10.0
"""Seconds that a delivery may take, from connecting to the last byte of the response."""
_MAX_BODY = 65536
"""Bytes of a response that are read."""
_PIECE = 1000
"""Bytes of a chunk, where a request is chunked."""

_T = TypeVar("_T")


class DeliveryError(ConnectionError):
    """The endpoint gave no response. The message is one line that says why, and nothing that was sent."""


class TimedOut(DeliveryError):
    """There was no whole response within the deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no response within {seconds:.0f} s")
        self.seconds = seconds


class Unreachable(DeliveryError):
    """There was nobody to deliver to."""


class ConnectionClosed(DeliveryError):
    """The connection ended before a whole response was there."""


@frozen
class Request:
    """One callback as it goes out: a POST with content type ``text/plain``."""

    body: bytes
    content_type: str = "text/plain"
    chunked: bool = False
    """Send the body in chunks, with no Content-Length."""
    shouted: bool = False
    """Send the names of the headers in capitals."""


@frozen
class HttpResponse:
    """What came back."""

    status: int
    """The HTTP status."""
    version: str
    """``HTTP/1.0`` or ``HTTP/1.1``."""
    headers: tuple[tuple[bytes, bytes], ...]
    """Names and values, as they came."""
    body: bytes
    """At most 64 KiB of it, as it came: it is never decompressed."""
    sent: datetime
    """When the delivery began: aware, in UTC+8."""
    seconds: float
    """From then until the whole response was here, with the time to connect."""

    def header(self, name: bytes) -> str:
        """The value of the header, ``""`` if there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name), "")


_ssl_context = cache(httpx.create_ssl_context)  # reading the certificates takes longer than a delivery


class _NoCookies(CookieJar):
    def extract_cookies(self, response: object, request: object) -> None:
        """Keep none: SkyPay is no browser."""


class Client:
    """Delivers to one URL. Redirects are not followed, no compression is asked for, and nothing is kept."""

    def __init__(self, url: httpx.URL, loop: asyncio.AbstractEventLoop) -> None:
        self._url = url
        self._loop = loop
        # A connection of its own for each delivery: a server may close one on which it rejected a body.
        self._client = self._new_client(keepalive=0)

    def _built(self, request: Request) -> httpx.Request:
        headers = {
            "Content-Type": request.content_type,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": "skypay-payout",
        }
        content = _pieces(request.body) if request.chunked else request.body
        built = httpx.Request("POST", self._url, content=content, headers=headers)
        if request.shouted:
            built.headers = httpx.Headers([(name.upper(), value) for name, value in built.headers.raw])
        return built

    def _new_client(self, keepalive: int) -> httpx.AsyncClient:
        try:
            return httpx.AsyncClient(
                verify=_ssl_context(),
                cookies=_NoCookies(),
                timeout=None,  # noqa: S113  the deadline is over everything, which no timeout of httpx is
                limits=httpx.Limits(max_keepalive_connections=keepalive),
            )
        except (ValueError, ImportError, httpx.InvalidURL):
            # The message may hold the proxy's password.
            raise ValueError(
                "a proxy in the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or NO_PROXY) cannot be used; "
                "expected http://host:port, or unset it"
            ) from None

    def deliver(self, request: Request) -> HttpResponse:
        """Post one callback and wait for the response. Raises ``DeliveryError``."""
        response = self.deliver_together([request])[0]
        if isinstance(response, DeliveryError):
            raise response
        return response

    def deliver_together(self, requests: Sequence[Request]) -> list[HttpResponse | DeliveryError]:
        """Post the callbacks at once, each over a connection of its own; the responses in the same order."""

        async def together() -> list[HttpResponse | DeliveryError]:
            return await asyncio.gather(*(self._post(request, self._client) for request in requests))

        return self._wait(together())

    def deliver_over_one_connection(self, requests: Sequence[Request]) -> list[HttpResponse | DeliveryError]:
        """Post the callbacks one after the other over one connection, as far as the server keeps it open."""

        async def in_turn() -> list[HttpResponse | DeliveryError]:
            responses = list[HttpResponse | DeliveryError]()
            async with self._new_client(keepalive=1) as client:
                for request in requests:
                    response = await self._post(request, client)
                    if responses and isinstance(response, ConnectionClosed):
                        # Perhaps it was closed between the two, which a server may do.
                        response = await self._post(request, self._client)
                    responses.append(response)
            return responses

        return self._wait(in_turn())

    def close(self) -> None:
        """End what an interrupted delivery left, and close every connection."""
        self._wait(self._end())

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    def _wait(self, work: Coroutine[object, object, _T]) -> _T:
        future: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        finally:
            future.cancel()  # where this thread was interrupted

    async def _post(self, request: Request, client: httpx.AsyncClient) -> HttpResponse | DeliveryError:
        sent, start = datetime.now(SKYPAY_ZONE), perf_counter()
        content = bytearray()
        try:
            async with asyncio.timeout(DEADLINE):
                response = await client.send(self._built(request), stream=True)
                async with aclosing(response):
                    async for chunk in response.aiter_raw():
                        content += chunk
                        if len(content) > _MAX_BODY:
                            break
        except TimeoutError:
            return TimedOut(DEADLINE)
        except (httpx.ConnectError, httpx.ProxyError) as error:
            return Unreachable(f"cannot connect: {error}")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return ConnectionClosed(
                f"the connection was closed, or what came is not HTTP ({type(error).__name__})"
            )
        return HttpResponse(
            response.status_code,
            response.http_version,
            tuple(response.headers.raw),
            bytes(content[:_MAX_BODY]),
            sent,
            perf_counter() - start,
        )


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]


@contextmanager
def connected(url: str) -> Generator[Client]:
    """A client for the URL. Proxies and certificates are the environment's, as httpx documents them.

    Raises ``ValueError`` if ``url`` is not a URL of HTTP, or if a proxy in the environment cannot be used.
    """
    try:
        parsed = httpx.URL(url)
        is_http = parsed.scheme in ("http", "https") and parsed.host
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(f"expected a URL, got something else: {error}") from None
    if not is_http:
        raise ValueError("expected a URL of HTTP, http://... or https://..., got something else")
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        client = Client(parsed, loop)
        try:
            yield client
        finally:
            client.close()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
