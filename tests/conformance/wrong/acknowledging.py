"""Wrong endpoints: how they acknowledge."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from gzip import compress
from random import randbytes, randrange

from tests.conformance.served import (
    Answer,
    Encrypted,
    Endpoint,
    Fields,
)
from tests.conformance.wrong.authentication import event
from tests.conformance.wrong.registry import (
    wrong,
)

# How it acknowledges


def answering(
    name: str, answer: Callable[[bytes], Answer], cases: str = "sample", base: type[Endpoint] = Endpoint
) -> None:
    """One that wraps the acknowledgement in another way."""
    wrong(
        name,
        cases,
        base,
        acknowledge=lambda self, fields, key: answer(self.written(self.acknowledgement(fields))),
    )


answering("answers 201", lambda body: Answer(201, body), "any-acknowledged")
answering("answers 500 with the acknowledgement", lambda body: Answer(500, body), "any-acknowledged")
answering(
    "answers with a redirect",
    lambda body: Answer(307, headers=(("Location", "/callback/"),)),
    "any-acknowledged",
)
answering("answers nothing", lambda body: Answer(200), "any-acknowledged")
answering("answers OK", lambda body: Answer(200, b"OK"), "any-acknowledged")
answering("answers success", lambda body: Answer(200, b'"success"'), "any-acknowledged")
answering("answers an array", lambda body: Answer(200, b"[" + body + b"]"), "acknowledgement-form")
answering(
    "answers the acknowledgement in a string",
    lambda body: Answer(200, json.dumps(body.decode()).encode()),
    "acknowledgement-form",
)
answering(
    "answers the acknowledgement in another object",
    lambda body: Answer(200, b'{"data":' + body + b"}"),
    "acknowledgement-form",
)
answering("answers two values", lambda body: Answer(200, body + body), "acknowledgement-form")
answering("answers text after the object", lambda body: Answer(200, body + b" done"), "acknowledgement-form")
answering(
    "answers a warning before the object",
    lambda body: Answer(200, b"Warning: undefined index in line 7\n" + body),
    "acknowledgement-form",
)
answering("answers a comma too many", lambda body: Answer(200, body[:-1] + b",}"), "acknowledgement-form")
answering(
    "answers with single quotes", lambda body: Answer(200, body.replace(b'"', b"'")), "acknowledgement-form"
)
answering(
    "answers with a byte order mark", lambda body: Answer(200, b"\xef\xbb\xbf" + body), "acknowledgement-form"
)
answering(
    "answers in UTF-16", lambda body: Answer(200, body.decode().encode("utf-16")), "acknowledgement-form"
)
answering(
    "answers XML", lambda body: Answer(200, b"<responseCode>1000</responseCode>"), "acknowledgement-form"
)
answering("answers something deep", lambda body: Answer(200, b"[" * 60000), "any-acknowledged")
answering("answers a number of many digits", lambda body: Answer(200, b"9" * 6000), "any-acknowledged")
answering(
    "answers a field twice",
    lambda body: Answer(200, body[:-1] + b',"responseCode":"1000"}'),
    "acknowledgement-form",
)
answering(
    "compresses without being asked",
    lambda body: Answer(200, compress(body), (("Content-Encoding", "gzip"),)),
    "any-acknowledged",
)
answering(
    "says that it compresses",
    lambda body: Answer(200, body, (("Content-Encoding", "br"),)),
    "any-acknowledged",
)
answering("answers half of it", lambda body: Answer(200, body[:30], close=True), "any-acknowledged")
answering("answers without end", lambda body: Answer(200, b" " * 300_000), "any-acknowledged")


def acknowledged(name: str, changes: Callable[[Fields], Fields], cases: str = "sample") -> None:
    """One with other fields in the acknowledgement."""
    wrong(name, cases, acknowledgement=lambda self, fields: changes(Endpoint.acknowledgement(self, fields)))


acknowledged("answers 1000 as a number", lambda f: f | {"responseCode": 1000}, "response-code")
acknowledged("answers 0", lambda f: f | {"responseCode": "0"}, "any-acknowledged")
acknowledged(
    "answers another description", lambda f: f | {"responseDescription": "OK"}, "acknowledgement-form"
)
acknowledged(
    "answers success in small letters",
    lambda f: f | {"responseDescription": "success"},
    "acknowledgement-form",
)
acknowledged(
    "answers no description",
    lambda f: {k: v for k, v in f.items() if k != "responseDescription"},
    "acknowledgement-form",
)
acknowledged(
    "answers no time", lambda f: {k: v for k, v in f.items() if k != "responseTime"}, "acknowledgement-form"
)
acknowledged("answers null for the time", lambda f: f | {"responseTime": None}, "acknowledgement-form")
acknowledged("answers a field more", lambda f: f | {"data": None}, "acknowledgement-form")
acknowledged(
    "answers names in another case", lambda f: {k.lower(): v for k, v in f.items()}, "acknowledgement-form"
)
acknowledged("answers an epoch number", lambda f: f | {"responseTime": 1529315530}, "response-time-form")
acknowledged("answers the code with spaces", lambda f: f | {"responseCode": " 1000"}, "acknowledgement-form")


def telling(name: str, told: Callable[[Endpoint], str], cases: str = "sample") -> None:
    """One that tells the time in another way."""
    wrong(name, cases, response_time=told)


def now(hours: float = 8) -> datetime:
    return datetime.now(timezone(timedelta(hours=hours)))


telling("tells UTC", lambda self: f"{now(0):%Y-%m-%d %H:%M:%S.%f}"[:-2], "response-time")
telling("tells the time of Tokyo", lambda self: f"{now(9):%Y-%m-%d %H:%M:%S.%f}"[:-2], "response-time")
telling("tells the time of New Delhi", lambda self: f"{now(5.5):%Y-%m-%d %H:%M:%S.%f}"[:-2], "response-time")
telling("tells the time of yesterday", lambda self: f"{now(-16):%Y-%m-%d %H:%M:%S.%f}"[:-2], "response-time")
telling("is 5 minutes ahead", lambda self: f"{now(8 + 1 / 12):%Y-%m-%d %H:%M:%S.%f}"[:-2], "response-time")
telling("has a T in the time", lambda self: f"{now():%Y-%m-%dT%H:%M:%S.%f}"[:-2], "response-time-form")
telling(
    "has an offset in the time",
    lambda self: f"{now():%Y-%m-%d %H:%M:%S.%f}"[:-2] + "+08:00",
    "response-time-form",
)
telling("has no fraction in the time", lambda self: f"{now():%Y-%m-%d %H:%M:%S}", "response-time-form")
telling(
    "has 3 digits in the fraction", lambda self: f"{now():%Y-%m-%d %H:%M:%S.%f}"[:-3], "response-time-form"
)
telling("has 6 digits in the fraction", lambda self: f"{now():%Y-%m-%d %H:%M:%S.%f}", "response-time-form")
telling("has a comma in the time", lambda self: f"{now():%Y-%m-%d %H:%M:%S,%f}"[:-2], "response-time-form")
telling("has slashes in the date", lambda self: f"{now():%Y/%m/%d %H:%M:%S.%f}"[:-2], "response-time-form")
telling("has the day first", lambda self: f"{now():%d-%m-%Y %H:%M:%S.%f}"[:-2], "response-time-form")
telling(
    "tells of a day in no calendar", lambda self: f"{now():%Y-02-30 %H:%M:%S.%f}"[:-2], "response-time-form"
)
telling("has AM and PM", lambda self: f"{now():%Y-%m-%d %I:%M:%S.0000 %p}", "response-time-form")
telling("tells the sample's time", lambda self: "2018-06-18 17:52:10.5211", "response-time")
telling("tells the time to the minute", lambda self: f"{now():%Y-%m-%d %H:%M:00.0000}", "response-time")
telling(
    "tells milliseconds behind a zero",
    lambda self: f"{now():%Y-%m-%d %H:%M:%S}.{now().microsecond // 1000:04}",
    "response-time",
)
telling(
    "tells the last digits of microseconds",
    lambda self: f"{now():%Y-%m-%d %H:%M:%S.}{now().microsecond % 10000:04}",
    "response-time",
)
telling(
    "tells any fraction", lambda self: f"{now():%Y-%m-%d %H:%M:%S.}{randrange(10000):04}", "response-time"
)
telling("tells the sample's fraction", lambda self: f"{now():%Y-%m-%d %H:%M:%S}.5211", "response-time")


class Cached(Endpoint):
    """Tells the time of its first response."""

    told = ""

    def response_time(self) -> str:
        self.told = self.told or super().response_time()
        return self.told


class Replayed(Endpoint):
    """Tells the time of the first response to that callback."""

    def acknowledgement(self, fields: Fields) -> Fields:
        key = ("told", *event(fields))
        return self.stored.setdefault(key, super().acknowledgement(fields))


telling("tells whole seconds", lambda self: f"{now():%Y-%m-%d %H:%M:%S}.0000", "response-time-digits")
wrong("tells the time of its first response", "response-time", Cached)
wrong("tells the time of the first delivery", "response-time", Replayed)
wrong(
    "answers noise",
    "any-acknowledged",
    Encrypted,
    acknowledge=lambda self, fields, key: Answer(200, randbytes(200)),
)
wrong(
    "decodes the alphabet of URLs only",
    "any-acknowledged",
    Encrypted,
    decrypt=lambda self, body: Encrypted.decrypt(
        self, b64encode(urlsafe_b64decode(re.sub(rb"[+/]", b"", body.strip())))
    ),
)
