"""An endpoint with FastAPI.

$ uvicorn fastapi_app:app --port 8000
"""

import logging

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from skypay_payout import CallbackParser, Quarantined, Rejected
from sqlite_store import Store

parser = CallbackParser.from_environ()
store = Store()
log = logging.getLogger(__name__)
# Its only client knows what to send, so no other page is served and no other path is redirected here.
app = FastAPI(openapi_url=None, redirect_slashes=False)


@app.post("/callback")
async def payout_callback(request: Request) -> Response:
    """Read no more than the limit: FastAPI itself has none."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > parser.max_body_size:
                break
    except ClientDisconnect:  # otherwise each one logs a traceback
        return Response(status_code=400)
    return await run_in_threadpool(respond, body)


def respond(body: bytearray) -> Response:
    """Store the callback, then acknowledge it. It runs in a thread, so the store may block."""
    result = parser.receive(body)
    store.save(result)
    if isinstance(result, Quarantined):
        log.error("quarantined: %s", result.error)
    elif isinstance(result, Rejected):
        log.warning("rejected: %s: %s", result.error.code, result.error)
    response = result.respond()
    return Response(response.body, response.status, media_type=response.content_type)
