"""Wrong endpoints: JSON, encryption and HTTP."""

from __future__ import annotations

import ast
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from time import sleep

from skypay_payout.testing import AUTHENTICATION
from tests.conformance.served import (
    OLDER_SECRET,
    Answer,
    Encrypted,
    Endpoint,
    Fields,
    Key,
    Received,
    Rejected,
)
from tests.conformance.wrong.registry import crash, reject, wrong

# JSON


def reading(name: str, cases: str, check: Callable[[bytes], object], base: type[Endpoint] = Endpoint) -> None:
    """One that rejects a text in which the check does not find what it wants."""

    def read(self: Endpoint, text: bytes) -> Fields:
        if not check(text):
            reject()
        return base.read(self, text)

    wrong(name, cases, base, read=read)


wrong("takes strict JSON only", "sample json-comma", without_comma=lambda self, text: text)
wrong(
    "takes the sample's very comma only",
    "json-comma",
    without_comma=lambda self, text: text.strip().replace('",\n}', '"}'),
)
wrong(
    "takes a comma right before the brace only",
    "sample json-comma",
    without_comma=lambda self, text: text.strip().replace(",}", "}"),
)
wrong(
    "knows no byte order mark",
    "byte-order-mark",
    read=lambda self, text: reject() if text.startswith(b"\xef") else Endpoint.read(self, text),
)
reading(
    "wants userName first", "json-order", lambda text: re.match(rb'[\s\xef\xbb\xbf]*\{\s*"userName"', text)
)
reading(
    "wants action before authentication",
    "json-order",
    lambda text: b'"action"' not in text or text.find(b'"action"') < text.find(b'"authentication"'),
)
reading(
    "wants controlNumber before payType",
    "json-order",
    lambda text: text.find(b'"controlNumber"') < text.find(b'"payType"') or b"payType" not in text,
)
reading("looks for a space after each colon", "json-spacing", lambda text: b'":"' not in text)
reading("looks for no line breaks", "json-spacing", lambda text: b"\n" not in text.strip() or b",\n}" in text)
reading(
    "looks for a brace at the beginning",
    "json-spacing",
    lambda text: text.lstrip(b"\xef\xbb\xbf").startswith(b"{"),
)
reading("looks for a brace at the end", "json-spacing", lambda text: text.endswith(b"}"))
reading("looks for fields with a pattern", "json-escapes", lambda text: b'"payType"' in text)
reading(
    "looks for the secret in the text",
    "json-escapes",
    lambda text: (
        AUTHENTICATION.encode() in text or b"authentication" not in text or OLDER_SECRET.encode() in text
    ),
)
reading("takes no escapes", "json-escapes", lambda text: b"\\u" not in text)
reading("takes no escaped slash", "json-escapes", lambda text: b"\\/" not in text)
reading("takes no escapes in capitals", "json-escapes", lambda text: not re.search(rb"\\u[0-9]*[A-F]", text))
reading(
    "takes ASCII only", "json-escapes text-chinese", lambda text: text.removeprefix(b"\xef\xbb\xbf").isascii()
)
wrong("evaluates the text", "unknown-fields optional-fields", loads=lambda self, text: ast.literal_eval(text))
wrong(
    "reads numbers as they are written",
    "unknown-fields",
    loads=lambda self, text: json.loads(
        text,
        object_pairs_hook=self.once,
        parse_int=lambda digits: int(digits) if len(digits) < 19 else crash(),
    ),
)

# Encryption


def decrypting(name: str, cases: str, check: Callable[[bytes], object]) -> None:
    """One that rejects a body in which the check does not find what it wants."""
    wrong(
        name,
        cases,
        Encrypted,
        decrypt=lambda self, body: Encrypted.decrypt(self, body) if check(body) else reject(),
    )


decrypting("wants Base64 in one line", "base64-lines", lambda body: b"\n" not in body)
decrypting("wants lines that end with LF", "base64-lines", lambda body: b"\r" not in body.strip())
decrypting("wants no line break at the end", "base64-lines", lambda body: not body.endswith(b"\n"))
decrypting(
    "wants lines of 76",
    "base64-lines",
    lambda body: b"\n" not in body.strip() or len(body.splitlines()[0]) == 76,
)
decrypting(
    "wants no byte order mark and no space around Base64",
    "base64-surroundings",
    lambda body: body == body.removeprefix(b"\xef\xbb\xbf").strip(b" "),
)
decrypting("takes + for a space", "any-acknowledged", lambda body: b"+" not in body)
decrypting("reads the alphabet of URLs", "any-acknowledged", lambda body: b"/" not in body)
decrypting("wants no = at the end", "base64-alphabet", lambda body: not body.rstrip().endswith(b"="))
decrypting("wants two = at the end", "base64-alphabet", lambda body: body.rstrip().endswith(b"=="))


class Padded(Encrypted):
    """Removes the padding in another way."""

    def unpadded(self, text: bytes) -> bytes:
        return text

    def decrypt(self, body: bytes) -> tuple[bytes, Key | None]:
        for key in reversed(self.keys):
            try:
                text = self.unpadded(key.padded(body))
                self.read(text)
            except (ValueError, Rejected):
                continue
            return text, key
        raise Rejected(400)


wrong("removes zeros", "padding sample", Padded, unpadded=lambda self, text: text.rstrip(b"\0"))
wrong("removes no padding", "sample padding", Padded)
wrong("removes white space", "padding", Padded, unpadded=lambda self, text: text.strip())
wrong(
    "removes less than a block",
    "padding",
    Padded,
    unpadded=lambda self, text: text[: -text[-1]] if text[-1] < 16 else text,
)
wrong(
    "removes more than one byte",
    "padding",
    Padded,
    unpadded=lambda self, text: text[: -text[-1]] if text[-1] > 1 else text,
)
wrong(
    "removes one digit of padding",
    "padding",
    Padded,
    unpadded=lambda self, text: text[: -text[-1]] if text[-1] < 10 else text,
)
wrong(
    "looks at the last byte of the padding only",
    "wrong-padding",
    Padded,
    unpadded=lambda self, text: text[: -text[-1]],
)


def first_padding(newest_first: bool) -> Callable[[Encrypted, bytes], tuple[bytes, Key]]:
    def decrypt(self: Encrypted, body: bytes) -> tuple[bytes, Key]:
        for key in self.keys[:: -1 if newest_first else 1]:
            try:
                return key.decrypt(body), key
            except ValueError:
                continue
        raise Rejected(400)

    return decrypt


wrong("takes the newest key whose padding fits", "older-key-padding", Encrypted, decrypt=first_padding(True))
wrong("takes the oldest key whose padding fits", "older-key-padding", Encrypted, decrypt=first_padding(False))
wrong("knows the newest key only", "older-key", Encrypted, keys=Encrypted.keys[1:])
wrong("knows the oldest key only", "any-acknowledged", Encrypted, keys=Encrypted.keys[:1])
wrong(
    "responds under the newest key",
    "acknowledgement-key",
    Encrypted,
    acknowledge=lambda self, fields, key: Encrypted.acknowledge(self, fields, self.keys[-1]),
)
wrong(
    "responds under the oldest key",
    "acknowledgement-key",
    Encrypted,
    acknowledge=lambda self, fields, key: Encrypted.acknowledge(self, fields, self.keys[0]),
)
wrong(
    "responds in plain JSON",
    "acknowledgement-key",
    Encrypted,
    acknowledge=lambda self, fields, key: Endpoint.acknowledge(self, fields, None),
)
wrong(
    "responds under a key of its own",
    "any-acknowledged",
    Encrypted,
    acknowledge=lambda self, fields, key: Endpoint.acknowledge(self, fields, Key("my own")),
)
wrong("derives the key with one SHA-1", "any-acknowledged", Encrypted, keys=(Key("derived otherwise"),))


class SharedKey(Encrypted):
    """Keeps the key of the request where all requests share it."""

    current: Key | None = None

    def decrypt(self, body: bytes) -> tuple[bytes, Key | None]:
        text, self.current = super().decrypt(body)
        return text, None

    def acknowledge(self, fields: Fields, key: Key | None) -> Answer | None:
        sleep(0.05)
        return super().acknowledge(fields, self.current)


class OneKey(SharedKey):
    """Crashes where another request has set another key in between."""

    def decrypt(self, body: bytes) -> tuple[bytes, Key | None]:
        text, key = Encrypted.decrypt(self, body)
        self.current = key
        sleep(0.05)
        return (text, key) if self.current is key else crash()

    def acknowledge(self, fields: Fields, key: Key | None) -> Answer | None:
        return Encrypted.acknowledge(self, fields, key)


wrong("crashes on two keys at once", "together-keys", OneKey)
wrong("shares the key of a request", "acknowledgement-key", SharedKey)
wrong(
    "takes plain JSON too",
    "plain-json",
    Encrypted,
    decrypt=lambda self, body: (body, None) if body.startswith(b"{") else Encrypted.decrypt(self, body),
)
wrong(
    "takes plain JSON in Base64",
    "plain-json",
    Encrypted,
    decrypt=lambda self, body: (
        (b64decode(body), self.keys[-1]) if body.startswith(b"ey") else Encrypted.decrypt(self, body)
    ),
)
wrong(
    "skips what is not Base64",
    "not-base64",
    Encrypted,
    decrypt=lambda self, body: Encrypted.decrypt(self, b64encode(b64decode(body))),
)
wrong(
    "crashes on what is not Base64",
    "not-base64",
    Encrypted,
    decrypt=lambda self, body: (
        Encrypted.decrypt(self, body) if re.fullmatch(rb"[A-Za-z0-9+/=\r\n{]*", body) else crash()
    ),
)
wrong(
    "crashes on half a block",
    "broken-blocks",
    Encrypted,
    decrypt=lambda self, body: (
        crash()
        if re.fullmatch(rb"[\w+/]*={0,2}", body) and len(b64decode(body)) % 16
        else Encrypted.decrypt(self, body)
    ),
)
wrong(
    "acknowledges what it cannot decrypt",
    "other-key not-base64 broken-blocks",
    Encrypted,
    decrypt=lambda self, body: Encrypted.decrypt(self, body),
    reject=lambda self, status: (
        Answer(200, json.dumps(self.acknowledgement({})).encode()) if status == 400 else Answer(status)
    ),
)
wrong(
    "crashes on another key",
    "other-key",
    Encrypted,
    reject=lambda self, status: Answer(500) if status == 400 else Answer(status),
)

# HTTP


def receiving(name: str, cases: str, check: Callable[[Received], object], status: int = 400) -> None:
    """One that rejects a request in which the check does not find what it wants."""
    wrong(
        name,
        cases,
        __call__=lambda self, request: Endpoint.__call__(self, request) if check(request) else Answer(status),
    )


receiving(
    "wants text/plain and nothing else",
    "content-type",
    lambda request: request.headers["Content-Type"] == "text/plain",
    415,
)
receiving(
    "wants no charset", "content-type", lambda request: "charset" not in request.headers["Content-Type"], 415
)
receiving(
    "wants charset in capitals",
    "content-type",
    lambda request: "charset=utf" not in request.headers["Content-Type"],
    415,
)
receiving(
    "wants application/json",
    "any-acknowledged",
    lambda request: "json" in request.headers["Content-Type"],
    415,
)
receiving("wants a Content-Length", "chunked", lambda request: request.headers["Content-Length"], 411)
receiving(
    "wants header names as most write them",
    "header-names",
    lambda request: "Content-Type" in list(request.headers),
)


class Connections(Endpoint):
    """Serves one request of a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[object] = set()

    def __call__(self, request: Received) -> Answer | None:
        if request.connection in self.known:
            return Answer(400)
        self.known.add(request.connection)
        return super().__call__(request)


class Trusting(Connections):
    """Looks at the secret of the first callback on a connection only."""

    def __call__(self, request: Received) -> Answer | None:
        answer = Endpoint.__call__(self, request)
        if answer and answer.status == 200:
            self.known.add(request.connection)
        elif answer and answer.status == 403 and request.connection in self.known:
            return Answer(200, self.written(self.acknowledgement({})))
        return answer


class Poisoned(Connections):
    """Leaves a connection broken once it rejected something there."""

    def __call__(self, request: Received) -> Answer | None:
        if request.connection in self.known:
            return Answer(400)
        answer = Endpoint.__call__(self, request)
        if answer and answer.status != 200:
            self.known.add(request.connection)
        return answer


wrong("serves one request of a connection", "one-connection", Connections)
wrong("trusts a connection", "one-connection", Trusting)
wrong("leaves a connection broken", "one-connection", Poisoned)
