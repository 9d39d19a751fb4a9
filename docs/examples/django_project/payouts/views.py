"""The endpoint."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

import monitoring

from . import services


@csrf_exempt  # SkyPay is no browser and has no token of yours
@require_POST
@monitoring.measured()
def payout_callback(request: HttpRequest) -> HttpResponse:
    """Store the callback, then acknowledge it. What raises here is a 500 and acknowledges nothing."""
    # The body is in no variable: error reports show those, and a plain body holds the secret.
    result = settings.SKYPAY_PARSER.receive(request.read(settings.SKYPAY_PARSER.max_body_size + 1))
    services.save(result)
    monitoring.observe(result)
    response = result.respond()
    return HttpResponse(response.body, status=response.status, content_type=response.content_type)
