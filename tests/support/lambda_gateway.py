"""What AWS puts in front of a Lambda function, on the loopback: python lambda_gateway.py PORT

Function URLs and API Gateway make an event of a request for the handler, and a response of what it returns.
Each thread stands for an instance of the function.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

LARGEST = 6 * 1024 * 1024
"""Bytes that AWS hands to a function."""


def rest_api(headers: dict[str, str], body: str, is_base64: bool) -> dict[str, object]:
    """The event of a REST API: the format 1.0."""
    return {
        "version": "1.0",
        "resource": "/callback",
        "path": "/callback",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"httpMethod": "POST", "path": "/callback", "stage": "$default"},
        "body": body or None,
        "isBase64Encoded": is_base64,
    }


def function_url(headers: dict[str, str], body: str, is_base64: bool) -> dict[str, object]:
    """The event of a function URL or an HTTP API: the format 2.0."""
    event: dict[str, object] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/callback",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "http": {"method": "POST", "path": "/callback", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": is_base64,
    }
    return event | {"body": body} if body else event


def bare_event(headers: dict[str, str], body: str, is_base64: bool) -> dict[str, object]:
    """An event as people write it for a test: nothing but the body, which is text."""
    return {"body": b64decode(body).decode() if is_base64 else body}


EVENTS = {"/rest-api": rest_api, "/test-event": bare_event}


class Gateway(BaseHTTPRequestHandler):
    """Hands each POST to the handler."""

    def do_POST(self) -> None:
        """Call the handler with the event, and send what it returns."""
        size = int(self.headers["Content-Length"])
        if size > LARGEST:
            self.send_error(413)
            return
        body = self.rfile.read(size)
        # Text goes on as it is, and all else in Base64.
        is_text = body.isascii() and self.headers.get_content_type().startswith("text/")
        text = body.decode() if is_text else b64encode(body).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        event = EVENTS.get(self.path, function_url)(headers, text, not is_text)
        try:
            response = called(event)
        except Exception:
            self.send_error(502)
            raise
        content = str(response.get("body", "")).encode()
        self.send_response(cast("int", response["statusCode"]))
        for name, value in cast("dict[str, str]", response.get("headers", {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(b64decode(content) if response.get("isBase64Encoded") else content)


def called(event: dict[str, object]) -> dict[str, object]:
    """What the handler returns for an event. Both cross a border as JSON, as they do at AWS."""
    response = handler(json.loads(json.dumps(event)), None)
    return cast("dict[str, object]", json.loads(json.dumps(response)))


if __name__ == "__main__":
    from aws_lambda import handler  # what is wrong with its settings shows at the start, as at AWS

    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gateway).serve_forever()
