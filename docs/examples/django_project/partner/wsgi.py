"""What gunicorn serves."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partner.settings")
django = get_wsgi_application()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Have Django read chunked requests too, where wsgi.input ends with the body, as in gunicorn."""
    if environ.get("wsgi.input_terminated") and environ.get("HTTP_TRANSFER_ENCODING"):
        environ["CONTENT_LENGTH"] = str(1 << 40)  # Django reads up to this, and nothing if it is absent
    return django(environ, start_response)
