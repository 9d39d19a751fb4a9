"""An endpoint with FastAPI.

$ uvicorn fastapi_app:app --port 8000
"""

import os

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from skypay_payout import CallbackParser
from skypay_payout.contrib.sqlalchemy import Store

parser = CallbackParser.from_environ()
store = Store(os.environ["DATABASE_URL"])
# Only the callback is served: no pages of documentation, and no redirected paths.
app = FastAPI(openapi_url=None, redirect_slashes=False)
# Otherwise each sender that disconnects logs a traceback.
app.add_exception_handler(ClientDisconnect, lambda _request, _error: Response(b"", 400))


@app.post("/callback", max_body_size=parser.max_body_size)
async def payout_callback(request: Request) -> Response:
    """Store the callback, then acknowledge it."""
    result = parser.receive(await request.body())
    await run_in_threadpool(store.save, result)  # it blocks
    response = result.respond()
    return Response(response.body, response.status, media_type=response.content_type)
