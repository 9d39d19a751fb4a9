"""An endpoint with Flask.

$ waitress-serve --listen 127.0.0.1:8000 --max-request-body-size 131072 flask_app:app

Waitress reads each request completely before it occupies a thread. Gunicorn does not:
put nginx in front of it.
"""

import os

from flask import Flask, Response, request

from skypay_payout import CallbackParser
from skypay_payout.contrib.sqlalchemy import Store

parser = CallbackParser.from_environ()
store = Store(os.environ["DATABASE_URL"])
app = Flask(__name__, static_folder=None)
# Flask cuts off some bodies there, instead of rejecting them.
app.config["MAX_CONTENT_LENGTH"] = parser.max_body_size + 1


@app.route("/callback", methods=["POST"], provide_automatic_options=False)
def payout_callback() -> Response:
    """Store the callback, then acknowledge it."""
    result = parser.receive(request.get_data())
    store.save(result)
    response = result.respond()
    return Response(response.body, response.status, content_type=response.content_type)
