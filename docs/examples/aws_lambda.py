"""An endpoint on AWS Lambda, behind a function URL or API Gateway: its handler is aws_lambda.handler.

It stores in the database that DATABASE_URL names, since what Lambda keeps on its own disk is soon gone.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from typing import TypedDict

from skypay_payout import CallbackParser, Quarantined, Rejected
from sqlalchemy_store import Store

parser = CallbackParser.from_environ()
store = Store()
log = logging.getLogger(__name__)


class Event(TypedDict):
    """What the recipe reads of an event, version 1.0 or 2.0."""

    body: str | None
    isBase64Encoded: bool


class LambdaResponse(TypedDict):
    """What Lambda makes an HTTP response of."""

    statusCode: int
    headers: dict[str, str]
    body: str


def handler(event: Event, _context: object) -> LambdaResponse:
    """Store the callback, then acknowledge it."""
    text = event.get("body") or ""
    result = parser.receive(b64decode(text) if event["isBase64Encoded"] else text)
    store.save(result)
    if isinstance(result, Quarantined):
        log.error("quarantined: %s", result.error)
    elif isinstance(result, Rejected):
        log.warning("rejected: %s: %s", result.error.code, result.error)
    response = result.respond()
    headers = {"Content-Type": response.content_type}
    return {"statusCode": response.status, "headers": headers, "body": response.body.decode()}
