"""An endpoint with Litestar.

$ uvicorn litestar_app:app --port 8000
"""

import os
from typing import Any

from litestar import Litestar, Request, Response, post
from litestar.exceptions import NotFoundException
from litestar.logging import LoggingConfig

from skypay_payout import CallbackParser
from skypay_payout.contrib.sqlalchemy import Store

parser = CallbackParser.from_environ()
store = Store(os.environ["DATABASE_URL"])


# By itself Litestar takes 10 MB.
@post("/callback", sync_to_thread=True, request_max_body_size=parser.max_body_size)
def payout_callback(body: bytes) -> Response[bytes]:
    """Store the callback, then acknowledge it, in a thread: the store blocks."""
    result = parser.receive(body)
    store.save(result)
    response = result.respond()
    return Response(
        response.body,
        status_code=response.status,
        media_type=response.content_type,
    )


def check_method_and_path(request: Request[Any, Any, Any]) -> None:
    """Reject OPTIONS and /callback/, which Litestar would take."""
    if (request.method, request.scope["raw_path"]) != ("POST", b"/callback"):
        raise NotFoundException


# By itself Litestar logs no exceptions. Those with a status are its own.
logs = LoggingConfig(log_exceptions="always", disable_stack_trace={404, 405, 413, 500})
app = Litestar(
    [payout_callback],
    before_request=check_method_and_path,
    logging_config=logs,
    openapi_config=None,
)
