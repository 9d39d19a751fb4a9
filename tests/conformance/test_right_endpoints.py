"""The check fails no endpoint that keeps the rules, however it is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import random
from textwrap import wrap
from time import sleep
from typing import Any

import pytest

from skypay_payout import CallbackParser, Credentials, Quarantined
from skypay_payout.conformance import Outcome, check_endpoint
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME
from tests.conformance.served import (
    OLDER_KEY,
    OLDER_SECRET,
    Answer,
    Encrypted,
    Endpoint,
    Fields,
    Key,
    Received,
    served,
)

ACCOUNT = Credentials(USER_NAME, (OLDER_SECRET, AUTHENTICATION))
PREFIXED = Credentials(USER_NAME, (OLDER_SECRET, AUTHENTICATION), prefixes=("SKY99", "SK991"))
CIPHER = BodyCipher((OLDER_KEY, ENCRYPTION_KEY))

RIGHT: dict[str, Callable[[], Endpoint]] = {"as it is": Endpoint, "encrypted": Encrypted}


def right(name: str, base: type[Endpoint] = Endpoint, **steps: Any) -> None:
    RIGHT[name] = type("Right", (base,), steps)


def responding(name: str, change: Callable[[Answer], Answer | None], base: type[Endpoint] = Endpoint) -> None:
    """One that sends its responses in another way."""

    def respond(self: Endpoint, request: Received) -> Answer | None:
        answer = base.__call__(self, request)
        assert answer
        return change(answer)

    right(name, base, __call__=respond)


def acknowledging(name: str, written: Callable[[Fields], bytes], base: type[Endpoint] = Endpoint) -> None:
    """One that writes the acknowledgement in another way."""
    right(name, base, written=lambda self, fields: written(fields))


responding("chunked", lambda answer: Answer(answer.status, answer.body, chunked=True))
responding("HTTP/1.0", lambda answer: Answer(answer.status, answer.body, version="HTTP/1.0"))
responding("closing each connection", lambda answer: Answer(answer.status, answer.body, close=True))
responding(
    "with charset", lambda a: Answer(a.status, a.body, (("Content-Type", "text/plain; charset=utf-8"),))
)
responding("as JSON", lambda a: Answer(a.status, a.body, (("content-type", "application/json"),)))
responding("without content type", lambda answer: Answer(answer.status, answer.body))
responding("with cookies", lambda a: Answer(a.status, a.body, (("Set-Cookie", "session=1; HttpOnly"),)))
responding("with identity", lambda a: Answer(a.status, a.body, (("Content-Encoding", "identity"),)))
responding("with many headers", lambda a: Answer(a.status, a.body, tuple((f"X-{n}", "v") for n in range(50))))
responding("rejecting with 401", lambda a: Answer(401 if a.status == 403 else a.status, a.body))
responding("rejecting with 422", lambda a: Answer(422 if a.status == 400 else a.status, a.body))
responding("rejecting with 404", lambda a: Answer(404 if a.status == 403 else a.status, a.body))
responding(
    "rejecting with another code",
    lambda a: (
        a if a.status == 200 else Answer(a.status, b'{"responseCode":"9999","responseDescription":"no"}')
    ),
)
responding(
    "rejecting with a page", lambda a: a if a.status == 200 else Answer(a.status, b"<h1>Forbidden</h1>" * 500)
)
responding("closing on oversize", lambda answer: None if answer.status == 413 else answer)
responding(
    "wrapping Base64", lambda a: Answer(a.status, "\r\n".join(wrap(a.body.decode(), 76)).encode()), Encrypted
)
responding(
    "ending Base64 with a line break", lambda a: Answer(a.status, a.body and a.body + b"\n"), Encrypted
)
acknowledging("pretty-printed", lambda fields: json.dumps(fields, indent=4).encode())
acknowledging("compact", lambda fields: json.dumps(fields, separators=(",", ":")).encode())
acknowledging("in another order", lambda fields: json.dumps(dict(reversed(fields.items()))).encode())
acknowledging("with escapes", lambda fields: json.dumps(fields).replace("S", "\\u0053").encode())
acknowledging("ending with a line break", lambda fields: json.dumps(fields).encode() + b"\r\n")
acknowledging("pretty-printed and encrypted", lambda fields: json.dumps(fields, indent=2).encode(), Encrypted)
right("with milliseconds", response_time=lambda self: f"{self.now():%Y-%m-%d %H:%M:%S.%f}"[:-3] + "0")
right("with whole seconds", response_time=lambda self: f"{self.now():%Y-%m-%d %H:%M:%S}.0000")
right("slow", store=lambda self, fields: sleep(random() / 100))
right("with the time of the reception", acknowledge=lambda self, fields, key: _delayed(self, fields, key))


def _delayed(endpoint: Endpoint, fields: Fields, key: Key | None) -> Answer | None:
    answer = Endpoint.acknowledge(endpoint, fields, key)
    sleep(0.005)
    return answer


class Early(Endpoint):
    """Rejects by Content-Length; the server then closes the connection."""

    def __call__(self, request: Received) -> Answer | None:
        if len(request.body) > 65536:
            return Answer(413, close=True)
        return super().__call__(request)


class OfTheLibrary(Endpoint):
    """The three lines of the documentation."""

    parser = CallbackParser(ACCOUNT)

    def __call__(self, request: Received) -> Answer | None:
        response = self.parser.receive(request.body).respond()
        return Answer(response.status, response.body, (("Content-Type", response.content_type),))


class OfTheLibraryEncrypted(OfTheLibrary, Encrypted):
    """The same, encrypted."""

    parser = CallbackParser(ACCOUNT, cipher=CIPHER)


RIGHT |= {
    "early 413": Early,
    "of the library": OfTheLibrary,
    "of the library, encrypted": OfTheLibraryEncrypted,
}


@pytest.mark.parametrize("name", RIGHT)
def test_an_endpoint_passes_that_is(name: str) -> None:
    endpoint = RIGHT[name]()
    parser = CallbackParser(ACCOUNT, cipher=CIPHER if isinstance(endpoint, Encrypted) else None)
    with served(endpoint) as server:
        results = list(check_endpoint(server.url, parser, keys=(OLDER_KEY, ENCRYPTION_KEY)))
    bad = {result.id: result.message for result in results if result.outcome in ("failed", "inconclusive")}
    assert bad == {}


def test_at_least_20_right_endpoints_are_tried() -> None:
    assert len(RIGHT) >= 20


def test_with_prefixes_every_callback_is_of_one_of_them() -> None:
    parser = CallbackParser(PREFIXED)
    endpoint = OfTheLibrary()
    endpoint.parser = parser
    with served(endpoint) as server:
        results = list(check_endpoint(server.url, parser, only=["status-*", "after-*", "control-number-*"]))
        received = [parser.receive(request.body) for request in server.requests]
    assert not any(isinstance(result, Quarantined) for result in received)
    outcomes = {result.id: result.outcome for result in results}
    assert outcomes.pop("control-number-prefixes") is Outcome.SKIPPED
    assert set(outcomes.values()) == {Outcome.PASSED}
