"""An endpoint with nothing but WSGI, for servers that end wsgi.input where the body ends, as these do.

$ waitress-serve --listen 127.0.0.1:8000 --max-request-body-size 131072 wsgi_app:application
$ gunicorn --bind 127.0.0.1:8000 --threads 4 wsgi_app:application

Waitress reads each request completely before it occupies a thread. Gunicorn does not: as many half-sent
requests as it has threads would block it, so put nginx in front of it (nginx.conf), which reads them
completely.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIEnvironment

from skypay_payout import CallbackParser, Quarantined, Rejected
from sqlite_store import Store

parser = CallbackParser.from_environ()
store = Store()
log = logging.getLogger(__name__)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Store the callback, then acknowledge it."""
    if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != ("POST", "/callback"):
        start_response("404 Not Found", [("Content-Length", "0")])
        return []
    # Not by CONTENT_LENGTH: a chunked request has none.
    result = parser.receive(environ["wsgi.input"].read(parser.max_body_size + 1))
    store.save(result)
    if isinstance(result, Quarantined):
        log.error("quarantined: %s", result.error)
    elif isinstance(result, Rejected):
        log.warning("rejected: %s: %s", result.error.code, result.error)
    response = result.respond()
    status = HTTPStatus(response.status)
    headers = [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
    start_response(f"{status:d} {status.phrase}", headers)
    return [response.body]
