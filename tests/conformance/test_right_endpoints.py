"""The check fails no endpoint that keeps the rules, however it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import random
from textwrap import wrap
from time import sleep
from typing import Any

import pytest

from skypay_payout import CallbackParser, Credentials, Quarantined
from skypay_payout.conformance import Outcome, check_endpoint
from skypay_payout.testing import USER_NAME
from tests.conformance.served import (
    ENCRYPTED,
    KEYS,
    PLAIN,
    SECRETS,
    Answer,
    Encrypted,
    Endpoint,
    Fields,
    Key,
    Received,
    direct,
    served,
)

PREFIXED = Credentials(USER_NAME, SECRETS, prefixes=("SKY99", "SK991"))

RIGHT: dict[str, Callable[[], Endpoint]] = {"as it is": Endpoint, "encrypted": Encrypted}


def right(
    name: str,
    change: Callable[[Answer], Answer | None] = lambda answer: answer,
    base: type[Endpoint] = Endpoint,
    **steps: Any,
) -> None:
    """One that sends its responses in another way, or takes its steps in another way, or both."""

    def respond(self: Endpoint, request: Received) -> Answer | None:
        answer = base.__call__(self, request)
        assert answer
        return change(answer)

    RIGHT[name] = type("Right", (base,), steps | {"__call__": respond})


def writing(written: Callable[[Fields], bytes]) -> Callable[[Endpoint, Fields], bytes]:
    return lambda self, fields: written(fields)


def other_status(answer: Answer, *statuses: int) -> int:
    """The second status in place of the first, the fourth in place of the third, and so on."""
    return dict(zip(statuses[::2], statuses[1::2], strict=True)).get(answer.status, answer.status)


def delayed(endpoint: Endpoint, fields: Fields, key: Key | None) -> Answer | None:
    answer = Endpoint.acknowledge(endpoint, fields, key)
    sleep(0.005)
    return answer


right(
    "chunked, with charset, rejecting with 401",
    lambda a: Answer(
        other_status(a, 403, 401), a.body, (("Content-Type", "text/plain; charset=utf-8"),), chunked=True
    ),
)
right(
    "HTTP/1.0, pretty-printed",
    lambda a: Answer(a.status, a.body, version="HTTP/1.0"),
    written=writing(lambda fields: json.dumps(fields, indent=4).encode()),
)
right(
    "closing each connection, with milliseconds",
    lambda a: Answer(a.status, a.body, close=True),
    response_time=lambda self: f"{self.now():%Y-%m-%d %H:%M:%S.%f}"[:-3] + "0",
)
right(
    "as JSON, compact, rejecting with 422",
    lambda a: Answer(other_status(a, 400, 422), a.body, (("content-type", "application/json"),)),
    written=writing(lambda fields: json.dumps(fields, separators=(",", ":")).encode()),
)
right(
    "without content type, in another order, rejecting with 404",
    lambda a: Answer(other_status(a, 403, 404), a.body),
    written=writing(lambda fields: json.dumps(dict(reversed(fields.items()))).encode()),
)
right(
    "with cookies, with escapes",
    lambda a: Answer(a.status, a.body, (("Set-Cookie", "session=1; HttpOnly"),)),
    written=writing(lambda fields: json.dumps(fields).replace("S", "\\u0053").encode()),
)
right(
    "with identity, ending with a line break",
    lambda a: Answer(a.status, a.body, (("Content-Encoding", "identity"),)),
    written=writing(lambda fields: json.dumps(fields).encode() + b"\r\n"),
)
right(
    "with many headers",
    lambda a: Answer(a.status, a.body, tuple((f"X-{number}", "v") for number in range(50))),
)
right(
    "rejecting with another code",
    lambda a: (
        a if a.status == 200 else Answer(a.status, b'{"responseCode":"9999","responseDescription":"no"}')
    ),
)
right(
    "rejecting with a page", lambda a: a if a.status == 200 else Answer(a.status, b"<h1>Forbidden</h1>" * 500)
)
right(
    "rejecting with the name of the account",
    lambda a: a if a.status == 200 else Answer(a.status, f"unknown account {USER_NAME}".encode()),
)
right("rejecting with one status", lambda a: a if a.status == 200 else Answer(400))
right("closing on oversize", lambda a: None if a.status == 413 else a)
right("slow", store=lambda self, fields: sleep(random() / 100))
right("with the time of the reception", acknowledge=delayed)
right(
    "wrapping Base64", lambda a: Answer(a.status, "\r\n".join(wrap(a.body.decode(), 76)).encode()), Encrypted
)
right(
    "pretty-printed and encrypted, ending Base64 with a line break",
    lambda a: Answer(a.status, a.body and a.body + b"\n"),
    Encrypted,
    written=writing(lambda fields: json.dumps(fields, indent=2).encode()),
)


class Early(Endpoint):
    """Rejects by Content-Length; the server then closes the connection."""

    def __call__(self, request: Received) -> Answer | None:
        if len(request.body) > 65536:
            return Answer(413, close=True)
        return super().__call__(request)


class OfTheLibrary(Endpoint):
    """The three lines of the documentation."""

    parser = PLAIN

    def __call__(self, request: Received) -> Answer | None:
        response = self.parser.receive(request.body).respond()
        return Answer(response.status, response.body, (("Content-Type", response.content_type),))


class OfTheLibraryEncrypted(OfTheLibrary, Encrypted):
    """The same, encrypted."""

    parser = ENCRYPTED


RIGHT |= {
    "early 413": Early,
    "of the library": OfTheLibrary,
    "of the library, encrypted": OfTheLibraryEncrypted,
}


WHOLE = "of the library"  # others that are checked whole are the quick start and, encrypted, in test_check
SAMPLE = (
    *("sample", "status", "unknown-status", "redelivered-changed", "older-*", "together", "together-[p-r]*"),
    *("padding", "content-type", "chunked", "one-connection*", "response-*", "acknowledgement-*", "leaks"),
    *("any-acknowledged", "alive", "secret-type", "good-after-rejection", "not-json", "empty-body"),
    *("oversize", "plain-json"),
)
"""What depends on how an endpoint writes its responses: at least one rule of each kind."""
DIRECT = re.compile("of the library|rejecting with|wrapping|pretty-printed and")
"""Those that differ in what they write, not in how it comes."""


@pytest.mark.parametrize("name", RIGHT)
def test_an_endpoint_passes_that_is(name: str) -> None:
    endpoint = RIGHT[name]()
    parser = ENCRYPTED if isinstance(endpoint, Encrypted) else PLAIN
    with direct(endpoint) if DIRECT.match(name) else served(endpoint) as server:
        only = () if name == WHOLE else SAMPLE
        results = list(check_endpoint(server.url, parser, keys=KEYS, only=only))
    bad = {result.id: result.message for result in results if result.outcome in ("failed", "inconclusive")}
    assert bad == {}


def test_with_prefixes_every_callback_is_of_one_of_them() -> None:
    parser = CallbackParser(PREFIXED)
    endpoint = OfTheLibrary()
    endpoint.parser = parser
    with served(endpoint) as server:
        results = list(check_endpoint(server.url, parser, only=["status", "after", "control-number-*"]))
        received = [parser.receive(request.body) for request in server.requests]
    assert not any(isinstance(result, Quarantined) for result in received)
    outcomes = {result.id: result.outcome for result in results}
    assert outcomes.pop("control-number-prefixes") is Outcome.SKIPPED
    assert outcomes.pop("control-number-case") is Outcome.SKIPPED
    assert set(outcomes.values()) == {Outcome.PASSED}
