"""An endpoint with Flask, on either of these servers.

$ waitress-serve --listen 127.0.0.1:8000 --max-request-body-size 65536 flask_app:app
$ gunicorn --bind 127.0.0.1:8000 --threads 4 flask_app:app
"""

from __future__ import annotations

import logging
import os

from flask import Flask, Response, request

from skypay_payout import (
    AuthenticationError,
    CallbackParser,
    Credentials,
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
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = parser.max_body_size  # Flask answers 413 to more


@app.post("/callback")
def receive() -> Response:
    """Store the callback, then acknowledge it."""
    try:
        callback = parser.parse(request.get_data())
    except InvalidCallbackError as invalid:
        store.set_aside(invalid)
        log.error("set aside: %s", invalid)
        return Response(parser.reply(invalid), mimetype="text/plain")
    except AuthenticationError as error:
        log.warning("refused: %s: %s", error.code, error)
        return Response(status=401)
    except MalformedBodyError as error:
        log.warning("refused: %s: %s", error.code, error)
        return Response(status=400)
    store.keep(callback)
    return Response(parser.reply(callback), mimetype="text/plain")
