"""An endpoint with FastAPI.

$ uvicorn fastapi_app:app --port 8000
"""

from __future__ import annotations

import logging
import os
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from skypay_payout import (
    AuthenticationError,
    CallbackParser,
    Credentials,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
    schema,
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
app = FastAPI()


async def body_of(request: Request) -> bytes:
    """The body, or as much of one that is too large as shows that it is."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > parser.max_body_size:
            break
    return body


@app.post(
    "/callback",
    response_class=PlainTextResponse,
    # For the page /docs: what the body holds, once it is decrypted.
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema.CALLBACK}}}
    },
    responses={
        200: {"content": {"text/plain": {"schema": schema.ACKNOWLEDGEMENT}}},
        400: {"description": "Not a callback"},
        401: {"description": "Not from SkyPay"},
        413: {"description": "Too large"},
    },
)
def receive(body: Annotated[bytes, Depends(body_of)]) -> Response:
    """Store the callback, then acknowledge it."""
    try:
        callback = parser.parse(body)
    except InvalidCallbackError as invalid:
        store.set_aside(invalid)
        log.error("set aside: %s", invalid)
        return Response(parser.reply(invalid), media_type="text/plain")
    except AuthenticationError as error:
        log.warning("refused: %s: %s", error.code, error)
        return Response(status_code=401)
    except MalformedBodyError as error:
        log.warning("refused: %s: %s", error.code, error)
        return Response(status_code=413 if error.code is ErrorCode.TOO_LARGE else 400)
    store.keep(callback)
    return Response(parser.reply(callback), media_type="text/plain")
