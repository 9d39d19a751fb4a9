"""An endpoint with Flask.

$ waitress-serve --listen 127.0.0.1:8000 --max-request-body-size 131072 flask_app:app
$ gunicorn --bind 127.0.0.1:8000 --threads 4 flask_app:app

Waitress reads each request completely before it occupies a thread. Gunicorn does not: as many half-sent
requests as it has threads would block it, so put nginx in front of it (nginx.conf), which reads them
completely.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, request

from skypay_payout import CallbackParser, Quarantined, Rejected
from sqlite_store import Store

parser = CallbackParser.from_environ()
store = Store()
log = logging.getLogger(__name__)
app = Flask(__name__, static_folder=None)
app.config["MAX_CONTENT_LENGTH"] = parser.max_body_size + 1  # Flask cuts off some bodies there


@app.route("/callback", methods=["POST"], provide_automatic_options=False)
def payout_callback() -> Response:
    """Store the callback, then acknowledge it."""
    result = parser.receive(request.get_data())
    store.save(result)
    if isinstance(result, Quarantined):
        log.error("quarantined: %s", result.error)
    elif isinstance(result, Rejected):
        log.warning("rejected: %s: %s", result.error.code, result.error)
    response = result.respond()
    return Response(response.body, response.status, content_type=response.content_type)
