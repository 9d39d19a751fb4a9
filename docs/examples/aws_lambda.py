"""An endpoint on AWS Lambda, behind a function URL or API Gateway.

Its handler is aws_lambda.handler. It stores in PostgreSQL or MariaDB, since the files
of a function are soon gone.
"""

import os
from base64 import b64decode
from typing import Any

from skypay_payout import CallbackParser
from skypay_payout.contrib.sqlalchemy import Store

parser = CallbackParser.from_environ()
store = Store(os.environ["DATABASE_URL"])


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Store the callback, then acknowledge it."""
    text = event.get("body") or ""
    result = parser.receive(b64decode(text) if event.get("isBase64Encoded") else text)
    store.save(result)
    response = result.respond()
    headers = {"Content-Type": response.content_type}
    return {
        "statusCode": response.status,
        "headers": headers,
        "body": response.body.decode(),
    }
