"""Wrong endpoints: how they acknowledge."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from gzip import compress
from random import randbytes, randrange

from tests.conformance.served import Answer, Encrypted, Endpoint, Fields
from tests.conformance.wrong.authentication import event
from tests.conformance.wrong.registry import wrong

# How it acknowledges


def answering(name: str, answer: Callable[[bytes], Answer], cases: str = "any-acknowledged") -> None:
    """One that makes another response of the acknowledgement."""
    wrong(name, cases, acknowledge=lambda self, f, key: answer(self.written(self.acknowledgement(f))))


answering("answers 201", lambda body: Answer(201, body))
answering("answers 500 with the acknowledgement", lambda body: Answer(500, body))
answering("answers with a redirect", lambda body: Answer(307, headers=(("Location", "/callback/"),)))
answering("answers half of it", lambda body: Answer(200, body[:30], close=True))
answering("says that it compresses", lambda body: Answer(200, body, (("Content-Encoding", "br"),)))
answering(
    "compresses without being asked",
    lambda body: Answer(200, compress(body), (("Content-Encoding", "gzip"),)),
)


def writing(name: str, written: Callable[[bytes], bytes], cases: str = "acknowledgement-form") -> None:
    """One that writes another text than the acknowledgement."""
    answering(name, lambda body: Answer(200, written(body)), cases)


writing("answers nothing", lambda body: b"", "any-acknowledged")
writing("answers OK", lambda body: b"OK", "any-acknowledged")
writing("answers without end", lambda body: b" " * 300_000, "any-acknowledged")
writing("answers an array", lambda body: b"[" + body + b"]")
writing("answers the acknowledgement in a string", lambda body: json.dumps(body.decode()).encode())
writing("answers the acknowledgement in another object", lambda body: b'{"data":' + body + b"}")
writing("answers text after the object", lambda body: body + b" done")
writing("answers a warning before the object", lambda body: b"Warning: undefined index in line 7\n" + body)
writing("answers a comma too many", lambda body: body[:-1] + b",}")
writing("answers with single quotes", lambda body: body.replace(b'"', b"'"))
writing("answers with a byte order mark", lambda body: b"\xef\xbb\xbf" + body)
writing("answers in UTF-16", lambda body: body.decode().encode("utf-16"))
writing("answers XML", lambda body: b"<responseCode>1000</responseCode>")
writing("answers a field twice", lambda body: body[:-1] + b',"responseCode":"1000"}')


def acknowledged(name: str, changes: Callable[[Fields], Fields], cases: str = "acknowledgement-form") -> None:
    """One with other fields in the acknowledgement."""
    wrong(name, cases, acknowledgement=lambda self, fields: changes(Endpoint.acknowledgement(self, fields)))


acknowledged("answers 1000 as a number", lambda f: f | {"responseCode": 1000}, "response-code")
acknowledged("answers 0", lambda f: f | {"responseCode": "0"}, "any-acknowledged")
acknowledged("answers another description", lambda f: f | {"responseDescription": "OK"})
acknowledged("answers success in small letters", lambda f: f | {"responseDescription": "success"})
acknowledged("answers no time", lambda f: {k: v for k, v in f.items() if k != "responseTime"})
acknowledged("answers null for the time", lambda f: f | {"responseTime": None})
acknowledged("answers a field more", lambda f: f | {"data": None})
acknowledged("answers names in another case", lambda f: {k.lower(): v for k, v in f.items()})
acknowledged("answers the code with spaces", lambda f: f | {"responseCode": " 1000"})
acknowledged("answers an epoch number", lambda f: f | {"responseTime": 1529315530}, "response-time-form")


def now(hours: float = 8) -> datetime:
    return datetime.now(timezone(timedelta(hours=hours)))


def telling(
    name: str, form: str = "%Y-%m-%d %H:%M:%S.%4", cases: str = "response-time", hours: float = 8
) -> None:
    """One that tells the time in another form, or another time; ``%4`` are four digits of a fraction."""

    def told(self: Endpoint) -> str:
        at = now(hours)
        return at.strftime(form.replace("%4", f"{at:%f}"[:4]))

    wrong(name, cases, response_time=told)


telling("tells UTC", hours=0)
telling("tells the time of New Delhi", hours=5.5)
telling("tells the time of yesterday", hours=-16)
telling("is 5 minutes ahead", hours=8 + 1 / 12)
telling("tells the sample's time", "2018-06-18 17:52:10.5211")
telling("tells the sample's fraction", "%Y-%m-%d %H:%M:%S.5211")
telling("tells the time to the minute", "%Y-%m-%d %H:%M:00.0000")
telling("tells whole seconds", "%Y-%m-%d %H:%M:%S.0000", "response-time-digits")
for form, what in {
    "%Y-%m-%dT%H:%M:%S.%4": "has a T in the time",
    "%Y-%m-%d %H:%M:%S.%4+08:00": "has an offset in the time",
    "%Y-%m-%d %H:%M:%S": "has no fraction in the time",
    "%Y-%m-%d %H:%M:%S.521": "has 3 digits in the fraction",
    "%Y-%m-%d %H:%M:%S.%f": "has 6 digits in the fraction",
    "%Y-%m-%d %H:%M:%S,%4": "has a comma in the time",
    "%Y/%m/%d %H:%M:%S.%4": "has slashes in the date",
    "%d-%m-%Y %H:%M:%S.%4": "has the day first",
    "%Y-02-30 %H:%M:%S.%4": "tells of a day in no calendar",
    "%Y-%m-%d %I:%M:%S.0000 %p": "has AM and PM",
}.items():
    telling(what, form, "response-time-form")


def fraction(name: str, told: Callable[[int], int]) -> None:
    """One that makes other digits of the microseconds."""

    def response_time(self: Endpoint) -> str:
        at = now()
        return f"{at:%Y-%m-%d %H:%M:%S}.{told(at.microsecond):04}"

    wrong(name, "response-time", response_time=response_time)


fraction("tells milliseconds behind a zero", lambda microseconds: microseconds // 1000)
fraction("tells the last digits of microseconds", lambda microseconds: microseconds % 10000)
fraction("tells any fraction", lambda microseconds: randrange(10000))


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
