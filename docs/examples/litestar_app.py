"""An endpoint with Litestar.

$ uvicorn litestar_app:app --port 8000
"""

from __future__ import annotations

import logging
import os

from litestar import Litestar, MediaType, Response, post

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


@post("/callback", sync_to_thread=True)
def receive(body: bytes) -> Response[bytes]:
    """Store the callback, then acknowledge it."""
    try:
        callback = parser.parse(body)
    except InvalidCallbackError as invalid:
        store.set_aside(invalid)
        log.error("set aside: %s", invalid)
        return Response(parser.reply(invalid), status_code=200, media_type=MediaType.TEXT)
    except AuthenticationError as error:
        log.warning("refused: %s: %s", error.code, error)
        return Response(b"", status_code=401)
    except MalformedBodyError as error:
        log.warning("refused: %s: %s", error.code, error)
        return Response(b"", status_code=400)
    store.keep(callback)
    return Response(parser.reply(callback), status_code=200, media_type=MediaType.TEXT)


app = Litestar([receive], request_max_body_size=parser.max_body_size)  # Litestar answers 413 to more
