"""An endpoint with FastAPI.

$ uvicorn fastapi_app:app --port 8000
"""

from __future__ import annotations

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

key = os.environ.get("SKYPAY_ENCRYPTION_KEY")
parser = CallbackParser(
    Credentials(os.environ["SKYPAY_USER_NAME"], os.environ["SKYPAY_AUTHENTICATION"].split(",")),
    cipher=None if key is None else BodyCipher(key.split(",")),
)
store = Store()
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
        return Response(parser.reply(invalid), media_type="text/plain")
    except AuthenticationError:
        return Response(status_code=401)
    except MalformedBodyError as error:
        return Response(status_code=413 if error.code is ErrorCode.TOO_LARGE else 400)
    store.keep(callback)
    return Response(parser.reply(callback), media_type="text/plain")
