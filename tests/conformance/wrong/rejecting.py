"""Wrong endpoints: how they reject, what they repeat, and what they take for a callback."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY
from tests.conformance.served import Answer, Encrypted, Endpoint, Fields, Key, Received, Rejected
from tests.conformance.wrong.registry import crash, reject, wrong

# How it rejects


def rejecting(name: str, cases: str, at: int, answer: Answer | None, base: type[Endpoint] = Endpoint) -> None:
    """One that answers otherwise where this status is due."""
    wrong(name, cases, base, reject=lambda self, status: answer if status == at else Answer(status))


ACK = json.dumps(
    {"responseTime": "2026-01-01 00:00:00.0000", "responseCode": "1000", "responseDescription": "Success"}
).encode()
for what, answer in {
    "acknowledges": Answer(200, ACK),
    "answers 200 and another code to": Answer(200, ACK.replace(b"1000", b"1001")),
    "answers 200 and nothing to": Answer(200),
    "answers 204 to": Answer(204),
    "answers 401 and 1000 to": Answer(401, ACK),
    "answers 401 and 1000 as a number to": Answer(401, b'{"responseCode":1000}'),
    "answers 302 to": Answer(302, headers=(("Location", "/login"),)),
    "answers 500 to": Answer(500),
    "closes the connection on": None,
}.items():
    rejecting(f"{what} a wrong secret", "secret-wrong", 403, answer)
rejecting(
    "answers 401 and 1000, encrypted",
    "secret-wrong",
    403,
    Answer(401, Key(ENCRYPTION_KEY).encrypt(ACK)),
    Encrypted,
)
rejecting("answers 500 to what is malformed", "not-json empty-body cut-short", 400, Answer(500))
rejecting("answers 200 to what is malformed", "not-json empty-body cut-short", 400, Answer(200))
rejecting("answers 500 to what is too large", "oversize", 413, Answer(500))
wrong("takes any size", "oversize", limit=10**9)

# Secrets that leak; in which forms is tested where they are looked for


def leaking(name: str, answer: Callable[[Answer, bytes], Answer], *, rejected: bool) -> None:
    """One that repeats what was sent, in rejections or else in acknowledgements."""

    def handled(self: Endpoint, request: Received) -> Answer | None:
        made = Endpoint.__call__(self, request)
        return made if made is None or (made.status == 200) == rejected else answer(made, request.body)

    wrong(name, "leaks", __call__=handled)


def secret_in(body: bytes) -> str:
    found = re.search(rb'"authentication": ?"([^"\\]*)"', body)
    return found[1].decode("latin-1").encode("ascii", "replace").decode().replace("\n", "") if found else ""


for rejected, where in ((False, "an acknowledgement"), (True, "a rejection")):
    leaking(
        f"repeats the secret in a header of {where}",
        lambda answer, body: Answer(answer.status, answer.body, (("X-Debug", secret_in(body)),)),
        rejected=rejected,
    )
leaking(
    "repeats the callback beside the acknowledgement",
    lambda answer, body: Answer(
        200, ACK[:-1] + b',"request":' + json.dumps(body.decode("latin-1")).encode() + b"}"
    ),
    rejected=False,
)
leaking("repeats the callback in a rejection", lambda answer, body: Answer(400, body), rejected=True)
leaking(
    "repeats the callback as JSON in JSON",
    lambda answer, body: Answer(400, json.dumps({"e": json.dumps(body.decode("latin-1"))}).encode()),
    rejected=True,
)
leaking(
    "repeats a nearly right secret", lambda answer, body: Answer(400, secret_in(body).encode()), rejected=True
)
rejecting(
    "quotes the beginning of the secret that it expects",
    "leaks",
    403,
    Answer(403, f"expected {AUTHENTICATION[:8]}...".encode()),
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
