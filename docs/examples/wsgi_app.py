"""An endpoint with nothing but WSGI. The second command needs nothing but Python, for one request at a time.

$ waitress-serve --listen 127.0.0.1:8000 --max-request-body-size 65536 wsgi_app:application
$ python wsgi_app.py 8000
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.simple_server import make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from skypay_payout import (
    AuthenticationError,
    CallbackParser,
    Credentials,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
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


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request."""
    length = environ.get("CONTENT_LENGTH", "")
    # Not every server checks what a stranger wrote there.
    size = int(length) if length.isdecimal() and len(length) < 20 else 0
    status, reply = receive(environ["wsgi.input"].read(min(size, parser.max_body_size + 1)))
    start_response(f"{status:d} {status.phrase}", [("Content-Type", "text/plain")])
    return [reply]


def receive(body: bytes) -> tuple[HTTPStatus, bytes]:
    """Store the callback, then acknowledge it."""
    try:
        callback = parser.parse(body)
    except InvalidCallbackError as invalid:
        store.set_aside(invalid)
        log.error("set aside: %s", invalid)
        return HTTPStatus.OK, parser.reply(invalid)
    except AuthenticationError as error:
        log.warning("refused: %s: %s", error.code, error)
        return HTTPStatus.UNAUTHORIZED, b""
    except MalformedBodyError as error:
        log.warning("refused: %s: %s", error.code, error)
        too_large = error.code is ErrorCode.TOO_LARGE
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST, b""
    store.keep(callback)
    return HTTPStatus.OK, parser.reply(callback)


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
