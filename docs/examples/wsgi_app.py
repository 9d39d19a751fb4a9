"""An endpoint with nothing but WSGI.

$ waitress-serve --listen 127.0.0.1:8000 --max-request-body-size 131072 wsgi_app:app

Waitress reads each request completely before it occupies a thread. Gunicorn does not:
put nginx in front of it. Other servers may not end ``wsgi.input`` where the body ends.
"""

import os
from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIEnvironment

from skypay_payout import CallbackParser
from skypay_payout.contrib.sqlalchemy import Store

parser = CallbackParser.from_environ()
store = Store(os.environ["DATABASE_URL"])


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Store the callback, then acknowledge it."""
    if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != ("POST", "/callback"):
        start_response("404 Not Found", [("Content-Length", "0")])
        return []
    # Not by CONTENT_LENGTH: a chunked request has none.
    result = parser.receive(environ["wsgi.input"].read(parser.max_body_size + 1))
    store.save(result)
    response = result.respond()
    headers = [
        ("Content-Type", response.content_type),
        ("Content-Length", str(len(response.body))),
    ]
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
    return [response.body]
