"""Wrong endpoints: how they reject, what they repeat, and what they take for a callback."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from html import escape
from urllib.parse import quote

from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY
from tests.conformance.served import (
    Answer,
    Encrypted,
    Endpoint,
    Fields,
    Key,
    Received,
    Rejected,
)
from tests.conformance.wrong.registry import (
    crash,
    reject,
    wrong,
)

# How it rejects


def rejecting(
    name: str, cases: str, answer: Callable[[int], Answer | None], base: type[Endpoint] = Endpoint
) -> None:
    """One that rejects in another way."""
    wrong(name, cases, base, reject=lambda self, status: answer(status))


ACK = json.dumps(
    {"responseTime": "2026-01-01 00:00:00.0000", "responseCode": "1000", "responseDescription": "Success"}
).encode()
rejecting(
    "acknowledges a wrong secret",
    "secret-wrong",
    lambda status: Answer(200, ACK) if status == 403 else Answer(status),
)
rejecting(
    "answers 200 and another code to a wrong secret",
    "secret-wrong",
    lambda status: Answer(200, ACK.replace(b"1000", b"1001")) if status == 403 else Answer(status),
)
rejecting(
    "answers 200 and nothing to a wrong secret",
    "secret-wrong",
    lambda status: Answer(200 if status == 403 else status),
)
rejecting(
    "answers 204 to a wrong secret", "secret-wrong", lambda status: Answer(204 if status == 403 else status)
)
rejecting(
    "answers 401 and 1000 to a wrong secret",
    "secret-wrong",
    lambda status: Answer(401, ACK) if status == 403 else Answer(status),
)
rejecting(
    "answers 401 and 1000 as a number",
    "secret-wrong",
    lambda status: Answer(401, b'{"responseCode":1000}') if status == 403 else Answer(status),
)
rejecting(
    "answers 401 and 1000, encrypted",
    "secret-wrong",
    lambda status: Answer(401, Key(ENCRYPTION_KEY).encrypt(ACK)) if status == 403 else Answer(status),
    Encrypted,
)
rejecting(
    "answers 302 to a wrong secret",
    "secret-wrong",
    lambda status: Answer(302, headers=(("Location", "/login"),)) if status == 403 else Answer(status),
)
rejecting(
    "answers 500 to a wrong secret", "secret-wrong", lambda status: Answer(500 if status == 403 else status)
)
rejecting(
    "closes the connection on a wrong secret",
    "secret-wrong",
    lambda status: None if status == 403 else Answer(status),
)
rejecting(
    "answers 500 to what is malformed",
    "not-json empty-body cut-short",
    lambda status: Answer(500 if status == 400 else status),
)
rejecting(
    "answers 200 to what is malformed",
    "not-json empty-body cut-short",
    lambda status: Answer(200 if status == 400 else status),
)
rejecting(
    "answers 500 to what is too large", "oversize", lambda status: Answer(500 if status == 413 else status)
)
wrong("takes any size", "oversize", limit=10**9)

# Secrets that leak


def leaking(
    name: str,
    cases: str,
    headers: Callable[[bytes], tuple[tuple[str, str], ...]],
    body: Callable[[bytes], bytes],
    rejected: bool,
) -> None:
    """One that repeats what was sent."""

    def handled(self: Endpoint, request: Received) -> Answer | None:
        answer = Endpoint.__call__(self, request)
        if answer is None or (answer.status == 200) == rejected:
            return answer
        return Answer(
            answer.status, body(request.body) or answer.body, answer.headers + headers(request.body)
        )

    wrong(name, cases, __call__=handled)


def none(_: bytes) -> tuple[tuple[str, str], ...]:
    return ()


def secret_in(body: bytes) -> str:
    found = re.search(rb'"authentication": ?"([^"\\]*)"', body)
    return found[1].decode("latin-1").encode("ascii", "replace").decode().replace("\n", "") if found else ""


leaking(
    "repeats the secret in a header",
    "leaks",
    lambda body: (("X-Secret", secret_in(body)),),
    lambda body: b"",
    False,
)
leaking(
    "repeats the secret in a cookie",
    "leaks",
    lambda body: (("Set-Cookie", f"token={quote(secret_in(body))}"),),
    lambda body: b"",
    False,
)
leaking(
    "repeats the secret in Base64 in a header",
    "leaks",
    lambda body: (("Authorization", "Basic " + b64encode(secret_in(body).encode()).decode()),),
    lambda body: b"",
    False,
)
leaking(
    "repeats the callback beside the acknowledgement",
    "leaks",
    none,
    lambda body: ACK[:-1] + b',"request":' + json.dumps(body.decode("latin-1")).encode() + b"}",
    False,
)
leaking("repeats the callback in a rejection", "leaks", none, lambda body: body, True)
leaking(
    "repeats the callback in a rejection of what is malformed",
    "leaks",
    none,
    lambda body: b"cannot read " + body,
    True,
)
leaking(
    "repeats the secret in a header of a rejection",
    "leaks",
    lambda body: (("X-Debug", secret_in(body)),),
    lambda body: b"",
    True,
)
leaking(
    "repeats the callback as JSON in JSON",
    "leaks",
    none,
    lambda body: json.dumps({"e": json.dumps({"got": body.decode("latin-1")})}).encode(),
    True,
)
leaking(
    "repeats the secret as escapes",
    "leaks",
    none,
    lambda body: "".join(f"\\u{ord(c):04x}" for c in secret_in(body)).encode(),
    True,
)
leaking(
    "repeats the callback in a page",
    "leaks",
    none,
    lambda body: f"<pre>{escape(body.decode('latin-1'))}</pre>".encode(),
    True,
)
leaking(
    "repeats the secret as entities",
    "leaks",
    none,
    lambda body: "".join(f"&#{ord(c)};" for c in secret_in(body)).encode(),
    True,
)
leaking(
    "repeats the callback in a URL",
    "leaks",
    none,
    lambda body: b"/error?body=" + quote(body).encode(),
    True,
)
leaking(
    "repeats every character in a URL",
    "leaks",
    none,
    lambda body: "".join(f"%{ord(c):02x}" for c in secret_in(body)).encode(),
    True,
)
leaking("repeats the callback in Base64", "leaks", none, lambda body: b"request=" + b64encode(body), True)
leaking("repeats a nearly right secret", "leaks", none, lambda body: secret_in(body).encode(), True)

rejecting(
    "quotes the beginning of the secret that it expects",
    "leaks",
    lambda status: Answer(status, f"expected {AUTHENTICATION[:8]}...".encode() if status == 403 else b""),
)

# What is not a callback


def taking(
    name: str, cases: str, made: Callable[[bytes], bytes | None], base: type[Endpoint] = Endpoint
) -> None:
    """One that makes something of a text that it cannot read."""

    def read(self: Endpoint, text: bytes) -> Fields:
        try:
            return base.read(self, text)
        except Rejected:
            better = made(text)
            if better is None:
                raise
            return base.read(self, better)

    wrong(name, cases, base, read=read)


def acknowledging(name: str, cases: str, check: Callable[[bytes], object]) -> None:
    """One that acknowledges a body without more."""
    wrong(
        name,
        cases,
        __call__=lambda self, request: (
            Answer(200, ACK) if check(request.body) else Endpoint.__call__(self, request)
        ),
    )


acknowledging("takes an empty body for a test", "empty-body", lambda body: not body)
acknowledging("takes white space for a test", "empty-body", lambda body: not body.strip())
acknowledging("acknowledges what is no JSON", "not-json", lambda body: body == b"payout")
acknowledging("acknowledges HTML", "not-json", lambda body: body.startswith(b"<"))
acknowledging("acknowledges null", "not-an-object", lambda body: body == b"null")
taking(
    "takes an array of callbacks",
    "not-an-object",
    lambda text: text[1:-1] if text.startswith(b"[{") else None,
)
taking(
    "decodes a string once more",
    "not-an-object",
    lambda text: json.loads(text).encode() if text.startswith(b'"') else None,
)
wrong(
    "crashes on what is not an object",
    "not-an-object",
    read=lambda self, text: Endpoint.read(self, text) if text[:1] not in b"[n1t" or not text else crash(),
)
taking(
    "takes Latin-1",
    "not-utf8",
    lambda text: text.decode("latin-1").encode() if re.search(rb"caf\xe9", text) else None,
)
taking(
    "replaces what is not UTF-8",
    "not-utf8",
    lambda text: text.decode(errors="replace").encode() if text.startswith(b"{") else None,
)
taking(
    "drops what is not UTF-8",
    "not-utf8",
    lambda text: text.decode(errors="ignore").encode() if text.startswith(b"{") else None,
)
taking(
    "takes GBK",
    "not-utf8",
    lambda text: text.decode("gbk", "ignore").encode() if text.startswith(b"{") else None,
)
taking(
    "takes UTF-16",
    "not-utf8",
    lambda text: text.decode("utf-16").encode() if text[:2] in (b"\xff\xfe", b"\xfe\xff") else None,
)
wrong(
    "crashes on what is not UTF-8",
    "not-utf8",
    read=lambda self, text: (
        Endpoint.read(self, text) if text.startswith(b"\xff") or text.decode() is not None else crash()
    ),
)
taking("closes what is cut short", "cut-short", lambda text: text + b"}")
taking("repairs what is cut short", "cut-short", lambda text: text + b'"}')
taking(
    "drops the last field of what is cut short",
    "cut-short",
    lambda text: text[: text.rindex(b",")] + b"}" if b"," in text else None,
)
taking(
    "takes the first value of two",
    "trailing-text",
    lambda text: text[: text.index(b"}") + 1] if b"}" in text else None,
)
taking(
    "takes the first line of several",
    "trailing-text",
    lambda text: text.split(b"\n")[0] if b"}\n{" in text else None,
)
taking("takes letters after the object", "trailing-text", lambda text: text.rstrip(b"abcxyz"))
taking("takes a comma after the object", "trailing-text", lambda text: text.rstrip(b","))
taking("takes single quotes", "not-json", lambda text: text.replace(b"'", b'"'))
taking("takes names without quotes", "not-json", lambda text: re.sub(rb"([{,] ?)(\w+):", rb'\1"\2":', text))
taking("takes comments", "not-json", lambda text: re.sub(rb"/\*.*?\*/", b"", text))
wrong(
    "takes line breaks in texts",
    "not-json",
    loads=lambda self, text: json.loads(text, object_pairs_hook=self.once, strict=False),
)
taking("takes any escape", "not-json", lambda text: text.replace(rb"\q", b"q"))
taking("takes any number of commas", "other-commas", lambda text: re.sub(rb",[, ]*", b",", text))
taking("takes a comma in arrays", "other-commas", lambda text: text.replace(b",]", b"]"))
taking("takes two commas at the end", "other-commas", lambda text: text.replace(b",,}", b"}"))
taking("needs no commas", "other-commas", lambda text: re.sub(rb'" "', b'","', text))
wrong(
    "takes the last of two fields", "duplicate-secret duplicate-field", once=lambda self, pairs: dict(pairs)
)
wrong(
    "takes the first of two fields",
    "duplicate-secret duplicate-field",
    once=lambda self, pairs: dict(reversed(pairs)),
)
wrong(
    "looks for one duplicate field only",
    "duplicate-field",
    once=lambda self, pairs: (
        reject() if [name for name, _ in pairs].count("authentication") > 1 else dict(pairs)
    ),
)
wrong(
    "looks for duplicates in the text",
    "duplicate-field",
    once=lambda self, pairs: dict(pairs),
    read=lambda self, text: (
        reject()
        if re.search(rb'("\w+":).*\1', text, re.DOTALL) and b"pay\\u" not in text
        else Endpoint.read(self, text)
    ),
)
wrong(
    "looks for no duplicates inside others",
    "duplicate-field",
    once=lambda self, pairs: Endpoint.once(self, pairs) if "action" in dict(pairs) else dict(pairs),
)
wrong(
    "crashes on duplicates",
    "duplicate-secret duplicate-field",
    once=lambda self, pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else crash(),
)
wrong("takes NaN and Infinity", "not-finite", constant=lambda self, name: None)


class Shallow(Endpoint):
    """Nests no deeper than it has to, and crashes on the rest."""

    def __call__(self, request: Received) -> Answer | None:
        return Answer(500) if request.body.count(b"[") > 60 else super().__call__(request)


wrong("crashes on deep arrays", "too-deep", Shallow)


class Health(Endpoint):
    """Acknowledges whoever looks whether it is there."""

    def __call__(self, request: Received) -> Answer | None:
        return Answer(200, ACK) if request.method == "GET" else super().__call__(request)


wrong("acknowledges a GET", "get", Health)


class Cut(Endpoint):
    """Reads a body up to its limit, and ignores what follows."""

    limit = 10**9

    def decrypt(self, body: bytes) -> tuple[bytes, Key | None]:
        return super().decrypt(body[:65536])


wrong("cuts a body at its limit", "oversize", Cut)
