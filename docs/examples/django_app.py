"""An endpoint with Django, in one file.

$ gunicorn --bind 127.0.0.1:8000 --threads 4 django_app:application
"""

from __future__ import annotations

import logging
import os

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

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
settings.configure(ROOT_URLCONF=__name__, DATA_UPLOAD_MAX_MEMORY_SIZE=parser.max_body_size)


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Store the callback, then acknowledge it."""
    try:
        callback = parser.parse(request.body)
    except RequestDataTooBig as error:
        log.warning("refused: %s: %s", ErrorCode.TOO_LARGE, error)
        return HttpResponse(status=413)
    except InvalidCallbackError as invalid:
        store.set_aside(invalid)
        log.error("set aside: %s", invalid)
        return HttpResponse(parser.reply(invalid), content_type="text/plain")
    except AuthenticationError as error:
        log.warning("refused: %s: %s", error.code, error)
        return HttpResponse(status=401)
    except MalformedBodyError as error:
        log.warning("refused: %s: %s", error.code, error)
        return HttpResponse(status=400)
    store.keep(callback)
    return HttpResponse(parser.reply(callback), content_type="text/plain")


urlpatterns = [path("callback", receive)]
application = get_wsgi_application()
