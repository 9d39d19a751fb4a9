"""An endpoint with aiohttp.

$ python -m aiohttp.web -H 127.0.0.1 -P 8000 aiohttp_app:application
"""

import asyncio
import os
from collections.abc import Sequence

from aiohttp import web

from skypay_payout import CallbackParser
from skypay_payout.contrib.sqlalchemy import Store

parser = CallbackParser.from_environ()
store = Store(os.environ["DATABASE_URL"])


async def payout_callback(request: web.Request) -> web.Response:
    """Store the callback, then acknowledge it."""
    try:
        body = await request.read()
    except ConnectionResetError:  # otherwise each one logs a traceback
        return web.Response(status=400)
    result = parser.receive(body)
    await asyncio.to_thread(store.save, result)  # it blocks
    response = result.respond()
    return web.Response(
        body=response.body,
        status=response.status,
        content_type=response.content_type,
    )


def application(_arguments: Sequence[str] = ()) -> web.Application:
    """Build the application; aiohttp answers 413 to a larger body."""
    # Some versions of aiohttp want less than client_max_size, not at most that.
    app = web.Application(
        client_max_size=parser.max_body_size + 1,
        handler_args={"auto_decompress": False},
    )
    app.router.add_post("/callback", payout_callback)
    return app
