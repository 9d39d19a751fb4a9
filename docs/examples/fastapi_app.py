"""An endpoint with FastAPI.

$ uvicorn fastapi_app:app --port 8000
"""

import logging
import os

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from skypay_payout import CallbackParser, Rejected
from skypay_payout.contrib.sqlalchemy import Store

parser = CallbackParser.from_environ()
store = Store(os.environ["DATABASE_URL"])
# Only the callback is served: no pages of documentation, and no redirected paths.
app = FastAPI(openapi_url=None, redirect_slashes=False)
# Otherwise each sender that disconnects logs a traceback.
app.add_exception_handler(ClientDisconnect, lambda _request, _error: Response(b"", 400))


@app.post("/callback")
async def payout_callback(request: Request) -> Response:
    """Store the callback, then acknowledge it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk  # no more than the limit: FastAPI itself has none
        if len(body) > parser.max_body_size:
            break
    result = parser.receive(body)
    await run_in_threadpool(store.save, result)  # it blocks
    if isinstance(result, Rejected):
        logging.warning("rejected: %s: %s", result.error.code, result.error)
    response = result.respond()
    return Response(response.body, response.status, media_type=response.content_type)
