"""An endpoint with aiohttp.

$ python -m aiohttp.web -H 127.0.0.1 -P 8000 aiohttp_app:application
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence

from aiohttp import web

from skypay_payout import (
    AuthenticationError,
    CallbackParser,
    Credentials,
    InvalidCallbackError,
    MalformedBodyError,
)
from skypay_payout.encryption import BodyCipher
from sqlite_store import Store

secrets = [secret.strip() for secret in os.environ["SKYPAY_AUTHENTICATION"].split(",")]
keys = os.environ.get("SKYPAY_ENCRYPTION_KEY")
parser = CallbackParser(
    Credentials(os.environ["SKYPAY_USER_NAME"], secrets),
    cipher=None if keys is None else BodyCipher([key.strip() for key in keys.split(",")]),
)
store = Store()
log = logging.getLogger(__name__)


async def receive(request: web.Request) -> web.Response:
    """Store the callback, then acknowledge it."""
    try:
        callback = parser.parse(await request.read())
    except InvalidCallbackError as invalid:
        await asyncio.to_thread(store.set_aside, invalid)
        log.error("set aside: %s", invalid)
        return web.Response(body=parser.reply(invalid), content_type="text/plain")
    except AuthenticationError as error:
        log.warning("refused: %s: %s", error.code, error)
        return web.Response(status=401)
    except MalformedBodyError as error:
        log.warning("refused: %s: %s", error.code, error)
        return web.Response(status=400)
    await asyncio.to_thread(store.keep, callback)
    return web.Response(body=parser.reply(callback), content_type="text/plain")


def application(_arguments: Sequence[str] = ()) -> web.Application:
    """The application; aiohttp answers 413 to a larger body."""
    app = web.Application(client_max_size=parser.max_body_size)
    app.router.add_post("/callback", receive)
    return app
