"""An endpoint with Litestar.

$ uvicorn litestar_app:app --port 8000
"""

import logging
from typing import Any

from litestar import Litestar, Request, Response, post
from litestar.exceptions import NotFoundException
from litestar.logging import LoggingConfig

from skypay_payout import CallbackParser, Quarantined, Rejected
from sqlite_store import Store

parser = CallbackParser.from_environ()
store = Store()
log = logging.getLogger(__name__)


@post("/callback", sync_to_thread=True)
def payout_callback(body: bytes) -> Response[bytes]:
    """Store the callback, then acknowledge it. It runs in a thread, so the store may block."""
    result = parser.receive(body)
    store.save(result)
    if isinstance(result, Quarantined):
        log.error("quarantined: %s", result.error)
    elif isinstance(result, Rejected):
        log.warning("rejected: %s: %s", result.error.code, result.error)
    response = result.respond()
    return Response(response.body, status_code=response.status, media_type=response.content_type)


def check_method_and_path(request: Request[Any, Any, Any]) -> None:
    """Keep Litestar from answering OPTIONS, and from taking /callback/ for /callback."""
    if (request.method, request.scope["raw_path"]) != ("POST", b"/callback"):
        raise NotFoundException


# Without a limit of our own Litestar takes 10 MB; to more than the limit it answers 413.
app = Litestar(
    [payout_callback],
    before_request=check_method_and_path,
    # Litestar logs no exceptions by itself. Those with a status are its own; what is left is the store's.
    logging_config=LoggingConfig(log_exceptions="always", disable_stack_trace={404, 405, 413, 500}),
    openapi_config=None,
    request_max_body_size=parser.max_body_size,
)
