"""Deliver callbacks as SkyPay does, within one deadline. The event loop of httpx runs behind a portal."""

from asyncio import gather, timeout
from collections.abc import Generator, Sequence
from contextlib import aclosing, contextmanager
from datetime import datetime
from time import perf_counter

try:
    import httpx
    from anyio.from_thread import BlockingPortal, start_blocking_portal
except ImportError as _missing:
    raise ImportError(
        "delivering callbacks needs the extra 'http': pip install 'skypay-payout[http]'"
    ) from _missing

from .._times import SKYPAY_ZONE
from ._http import ConnectionClosed, DeliveryError, HttpResponse, Request, Response, Unreachable
from ._transport import built, new_client, parsed, reason

DEADLINE = 10.0  # seconds that a delivery may take, from connecting to the last byte of the response
_MAX_BODY = 65536  # bytes of a response that are read


class Client:
    """Delivers to one URL. Redirects are not followed, no compression is asked for, and nothing is kept."""

    def __init__(self, url: httpx.URL, portal: BlockingPortal, client: httpx.AsyncClient) -> None:
        self._url, self._portal, self._client = url, portal, client

    def deliver(self, requests: Sequence[Request], *, over_one_connection: bool = False) -> list[Response]:
        """Post callbacks at once, each over a connection of its own, or else one after the other."""
        return self._portal.call(self._in_turn if over_one_connection else self._together, requests)

    async def _together(self, requests: Sequence[Request]) -> list[Response]:
        return await gather(*(self._post(request, self._client) for request in requests))

    async def _in_turn(self, requests: Sequence[Request]) -> list[Response]:
        responses = list[Response]()
        async with new_client(keepalive=1) as client:
            for request in requests:
                response = await self._post(request, client)
                if responses and isinstance(response, ConnectionClosed):
                    # Perhaps it was closed between the two, which a server may do.
                    response = await self._post(request, self._client)
                responses.append(response)
        return responses

    async def _post(self, request: Request, client: httpx.AsyncClient) -> Response:
        sent, start = datetime.now(SKYPAY_ZONE), perf_counter()
        content = bytearray()
        try:
            async with timeout(DEADLINE):
                response = await client.send(built(self._url, request), stream=True)
                async with aclosing(response):
                    async for chunk in response.aiter_raw():
                        content += chunk
                        if len(content) > _MAX_BODY:
                            break
        except TimeoutError:
            late = DeliveryError(f"no response within {DEADLINE:.0f} s")
            late.seconds = DEADLINE
            return late
        except (httpx.ConnectError, httpx.ProxyError) as error:
            port = self._url.port or (443 if self._url.scheme == "https" else 80)
            return Unreachable(f"cannot connect to {self._url.host}:{port}: {reason(error)}")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            got = f"the connection was closed, or what came is not HTTP ({type(error).__name__})"
            return ConnectionClosed(got)
        headers, body = tuple(response.headers.raw), bytes(content[:_MAX_BODY])
        seconds = perf_counter() - start
        return HttpResponse(response.status_code, response.http_version, headers, body, sent, seconds)


@contextmanager
def connected(url: str) -> Generator[Client]:
    """A client for the URL. Raises ``ValueError`` for it, or a proxy or certificates of the environment."""
    address = parsed(url)
    # A connection of its own for each delivery: a server may close one on which it rejected a body.
    client = new_client(keepalive=0)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client):
        yield Client(address, portal, client)
