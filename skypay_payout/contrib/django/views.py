"""The endpoint: ``path("callback", payout_callback)`` in ``urlpatterns``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ..._results import Result
from .._worker import do_nothing
from .apps import hook, parser
from .store import save

Measure = Callable[[], AbstractContextManager[Callable[[Result], object]]]


def _measure() -> AbstractContextManager[Callable[[Result], object]]:
    measure: Measure | None = hook("SKYPAY_MEASURE")
    return nullcontext(do_nothing) if measure is None else measure()


@csrf_exempt  # SkyPay is no browser and has no token of yours
@require_POST
def payout_callback(request: HttpRequest) -> HttpResponse:
    """Store the callback, then acknowledge it. Whatever raises is a 500, which acknowledges nothing."""
    with _measure() as observed:
        # The body is in no variable: error reports show those, and a plain body holds the secret.
        result = parser().receive(_read_body(request, parser().max_body_size + 1))
        save(result)
        observed(result)
    response = result.respond()
    return HttpResponse(response.body, status=response.status, content_type=response.content_type)


for _alias in connections:  # ATOMIC_REQUESTS would commit after the acknowledgement was made
    payout_callback = transaction.non_atomic_requests(using=_alias)(payout_callback)


def _read_body(request: HttpRequest, limit: int) -> bytes:
    """Read up to so many bytes, of a chunked request too, and leave nothing of them in the request."""
    source: Any = request
    if "HTTP_TRANSFER_ENCODING" in request.META and request.META.get("wsgi.input_terminated"):
        source = request.META[
            "wsgi.input"
        ]  # it ends with the body; Django would read nothing without a length
    body = bytearray()
    try:
        while len(body) < limit and (more := source.read(limit - len(body))):
            body += more
    except OSError:  # the sender is gone
        return b""
    # Middleware that reads request.body after this must not fail, and error trackers must not find a secret.
    request._body = b""
    return bytes(body)
