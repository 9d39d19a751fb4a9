"""Deliver callbacks over HTTP as SkyPay does, within one deadline whatever comes back.

HTTP is httpx's, from the extra ``http``. Its event loop runs behind a portal of anyio, so that callers need
none and many deliveries can be made at once.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import aclosing, contextmanager
from datetime import datetime
from time import perf_counter
from typing import TypeVar

try:
    import httpx
    from anyio import create_task_group, fail_after
    from anyio.from_thread import BlockingPortal, start_blocking_portal
except ImportError as _missing:
    raise ImportError(
        "delivering callbacks needs the extra 'http': pip install 'skypay-payout[http]'"
    ) from _missing

from .._times import SKYPAY_ZONE
from ._http import ConnectionClosed, DeliveryError, HttpResponse, Request, TimedOut, Unreachable
from ._transport import NoCookies, built, parsed, reason, ssl_context

DEADLINE = 10.0
"""Seconds that a delivery may take, from connecting to the last byte of the response."""
_MAX_BODY = 65536
"""Bytes of a response that are read."""

_T = TypeVar("_T")


class Client:
    """Delivers to one URL. Redirects are not followed, no compression is asked for, and nothing is kept."""

    def __init__(self, url: httpx.URL, portal: BlockingPortal) -> None:
        self._url = url
        self._portal = portal
        # A connection of its own for each delivery: a server may close one on which it rejected a body.
        self._client = self._new_client(keepalive=0)

    def _new_client(self, keepalive: int) -> httpx.AsyncClient:
        context = ssl_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        try:
            return httpx.AsyncClient(
                verify=context,
                cookies=NoCookies(),
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
            responses = dict[int, HttpResponse | DeliveryError]()

            async def post(number: int) -> None:
                responses[number] = await self._post(requests[number], self._client)

            async with create_task_group() as group:
                for number in range(len(requests)):
                    group.start_soon(post, number)
            return [responses[number] for number in range(len(requests))]

        return self._wait(together)

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

        return self._wait(in_turn)

    def close(self) -> None:
        """Close every connection."""
        self._wait(self._client.aclose)

    def _wait(self, work: Callable[[], Awaitable[_T]]) -> _T:
        future = self._portal.start_task_soon(work)
        try:
            return future.result()
        finally:
            future.cancel()  # where this thread was interrupted

    async def _post(self, request: Request, client: httpx.AsyncClient) -> HttpResponse | DeliveryError:
        sent, start = datetime.now(SKYPAY_ZONE), perf_counter()
        content = bytearray()
        try:
            with fail_after(DEADLINE):
                response = await client.send(built(self._url, request), stream=True)
                async with aclosing(response):
                    async for chunk in response.aiter_raw():
                        content += chunk
                        if len(content) > _MAX_BODY:
                            break
        except TimeoutError:
            return TimedOut(DEADLINE)
        except (httpx.ConnectError, httpx.ProxyError) as error:
            port = self._url.port or (443 if self._url.scheme == "https" else 80)
            return Unreachable(f"cannot connect to {self._url.host}:{port}: {reason(error)}")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return ConnectionClosed(
                f"the connection was closed, or what came is not HTTP ({type(error).__name__})"
            )
        headers = tuple(response.headers.raw)
        body, seconds = bytes(content[:_MAX_BODY]), perf_counter() - start
        return HttpResponse(response.status_code, response.http_version, headers, body, sent, seconds)


@contextmanager
def connected(url: str) -> Generator[Client]:
    """A client for the URL. Proxies and certificates are the environment's, as httpx documents them.

    Raises ``ValueError`` if ``url`` is not a URL of HTTP, or if a proxy or certificates in the environment
    cannot be used.
    """
    address = parsed(url)
    with start_blocking_portal() as portal:
        client = Client(address, portal)
        try:
            yield client
        finally:
            client.close()
