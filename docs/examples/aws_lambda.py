"""An endpoint on AWS Lambda, behind a function URL or API Gateway: its handler is aws_lambda.handler.

It stores in the database that DATABASE_URL names, since what Lambda keeps on its own disk is soon gone.
"""

from __future__ import annotations

import logging
import os
from base64 import b64decode
from typing import TypedDict

from skypay_payout import (
    AuthenticationError,
    CallbackParser,
    Credentials,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
)
from skypay_payout.encryption import BodyCipher
from sqlalchemy_store import Store

secrets = [secret.strip() for secret in os.environ["SKYPAY_AUTHENTICATION"].split(",")]
keys = os.environ.get("SKYPAY_ENCRYPTION_KEY")
parser = CallbackParser(
    Credentials(os.environ["SKYPAY_USER_NAME"], secrets),
    cipher=None if keys is None else BodyCipher([key.strip() for key in keys.split(",")]),
)
store = Store()
log = logging.getLogger(__name__)


class Event(TypedDict):
    """What the recipe reads of an event, version 1.0 or 2.0."""

    body: str | None
    isBase64Encoded: bool


class Reply(TypedDict, total=False):
    """What the recipe answers with."""

    statusCode: int
    headers: dict[str, str]
    body: str


def handler(event: Event, _context: object) -> Reply:
    """Store the callback, then acknowledge it."""
    text = event.get("body") or ""
    try:
        callback = parser.parse(b64decode(text) if event["isBase64Encoded"] else text)
    except InvalidCallbackError as invalid:
        store.set_aside(invalid)
        log.error("set aside: %s", invalid)
        return acknowledged(parser.reply(invalid))
    except AuthenticationError as error:
        log.warning("refused: %s: %s", error.code, error)
        return {"statusCode": 401}
    except MalformedBodyError as error:
        log.warning("refused: %s: %s", error.code, error)
        return {"statusCode": 413 if error.code is ErrorCode.TOO_LARGE else 400}
    store.keep(callback)
    return acknowledged(parser.reply(callback))


def acknowledged(reply: bytes) -> Reply:
    """The reply as text, which both kinds of event allow."""
    return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": reply.decode()}
