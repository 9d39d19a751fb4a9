"""An endpoint with aiohttp.

$ python -m aiohttp.web -H 127.0.0.1 -P 8000 aiohttp_app:application
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from aiohttp import web

from skypay_payout import CallbackParser, Quarantined, Rejected
from sqlite_store import Store

parser = CallbackParser.from_environ()
store = Store()
log = logging.getLogger(__name__)


async def payout_callback(request: web.Request) -> web.Response:
    """Read the body, then leave the event loop: the store may block."""
    try:
        body = await request.read()
    except ConnectionResetError:  # otherwise each one logs a traceback
        return web.Response(status=400)
    return await asyncio.to_thread(respond, body)


def respond(body: bytes) -> web.Response:
    """Store the callback, then acknowledge it."""
    result = parser.receive(body)
    store.save(result)
    if isinstance(result, Quarantined):
        log.error("quarantined: %s", result.error)
    elif isinstance(result, Rejected):
        log.warning("rejected: %s: %s", result.error.code, result.error)
    response = result.respond()
    return web.Response(body=response.body, status=response.status, content_type=response.content_type)


def application(_arguments: Sequence[str] = ()) -> web.Application:
    """Build the application; aiohttp answers 413 to a larger body."""
    # Some versions of aiohttp want less than client_max_size, not at most that. Nothing is decompressed.
    app = web.Application(client_max_size=parser.max_body_size + 1, handler_args={"auto_decompress": False})
    app.router.add_post("/callback", payout_callback)
    return app
