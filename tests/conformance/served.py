"""A small endpoint, right in every step, and a server of HTTP for it and for its wrong variants."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from hashlib import sha1
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any, cast

import pytest
from attrs import field, frozen
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from skypay_payout import CallbackParser, Credentials
from skypay_payout._times import SKYPAY_ZONE
from skypay_payout.conformance import _delivery
from skypay_payout.conformance._http import ConnectionClosed, HttpResponse, Request, Response
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME

OLDER_SECRET = "an older secret"
OLDER_KEY = "an older key"
SECRETS, KEYS = (OLDER_SECRET, AUTHENTICATION), (OLDER_KEY, ENCRYPTION_KEY)
PLAIN = CallbackParser(Credentials(USER_NAME, SECRETS))
ENCRYPTED = CallbackParser(PLAIN.credentials, cipher=BodyCipher(KEYS))
"""Parsers for the endpoints here."""
UTC8 = timezone(timedelta(hours=8))


@frozen
class Received:
    """A request."""

    body: bytes
    headers: Message
    connection: object
    method: str = "POST"


@frozen
class Answer:
    """A response."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    version: str = "HTTP/1.1"
    chunked: bool = False
    close: bool = False


class Rejected(Exception):
    """Not acknowledged, with this status."""

    def __init__(self, status: int) -> None:
        self.status = status


@frozen
class Key:
    """AES with the key that SkyPay derives from the issued one."""

    issued: str
    _aes: Cipher[ECB] = field(init=False)

    @_aes.default
    def _derived(self) -> Cipher[ECB]:
        return Cipher(AES(sha1(sha1(self.issued.encode()).digest()).digest()[:16]), ECB())

    def encrypt(self, data: bytes) -> bytes:
        size = 16 - len(data) % 16
        encryptor = self._aes.encryptor()
        return b64encode(encryptor.update(data + bytes([size]) * size) + encryptor.finalize())

    def padded(self, body: bytes) -> bytes:
        decryptor = self._aes.decryptor()
        return (
            decryptor.update(b64decode(body.replace(b"\r", b"").replace(b"\n", b""), validate=True))
            + decryptor.finalize()
        )

    def decrypt(self, body: bytes) -> bytes:
        padded = self.padded(body)
        size = padded[-1] if padded else 0
        if not 1 <= size <= 16 or padded[-size:] != bytes([size]) * size:
            raise ValueError
        return padded[:-size]


Fields = dict[str, Any]


class Endpoint:
    """An endpoint as one writes it by hand. A wrong one overrides a step."""

    user_name = USER_NAME
    secrets: tuple[str, ...] = SECRETS
    keys: tuple[Key, ...] = ()
    limit = 200_000

    def __init__(self) -> None:
        self.stored: dict[object, Fields] = {}

    def __call__(self, request: Received) -> Answer | None:
        try:
            return self.handle(request)
        except Rejected as rejected:
            return self.reject(rejected.status)
        except Exception:
            return Answer(500)

    def handle(self, request: Received) -> Answer | None:
        if len(request.body) > self.limit:
            raise Rejected(413)
        text, key = self.decrypt(request.body)
        fields = self.read(text)
        if not self.authenticated(fields):
            raise Rejected(403)
        self.store(fields)
        return self.acknowledge(fields, key)

    def decrypt(self, body: bytes) -> tuple[bytes, Key | None]:
        if not self.keys:
            return body, None
        body = body.removeprefix(b"\xef\xbb\xbf").strip()
        for key in reversed(self.keys):
            with suppress(ValueError, Rejected):
                text = key.decrypt(body)
                self.read(text)
                return text, key
        raise Rejected(400)

    def read(self, text: bytes) -> Fields:
        try:
            value = self.loads(self.without_comma(text.decode("utf-8-sig")))
        except (ValueError, RecursionError):
            raise Rejected(400) from None
        if not isinstance(value, dict):
            raise Rejected(400)
        return value

    def without_comma(self, text: str) -> str:
        text = text.strip(" \t\r\n")
        start = text[:-1].rstrip(" \t\r\n")
        return start[:-1] + "}" if text.endswith("}") and start.endswith(",") else text

    def loads(self, text: str) -> object:
        return json.loads(text, object_pairs_hook=self.once, parse_constant=self.constant)

    def constant(self, name: str) -> object:
        raise ValueError(name)

    def once(self, pairs: list[tuple[str, object]]) -> Fields:
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    def authenticated(self, fields: Fields) -> bool:
        return fields.get("userName") == self.user_name and self.right_secret(fields.get("authentication"))

    def right_secret(self, secret: object) -> bool:
        return secret in self.secrets

    def store(self, fields: Fields) -> None:
        self.stored[json.dumps(fields, sort_keys=True)] = fields

    def now(self) -> datetime:
        return datetime.now(UTC).astimezone(UTC8)

    def response_time(self) -> str:
        return f"{self.now():%Y-%m-%d %H:%M:%S.%f}"[:-2]

    def acknowledgement(self, fields: Fields) -> Fields:
        return {
            "responseTime": self.response_time(),
            "responseCode": "1000",
            "responseDescription": "Success",
        }

    def written(self, acknowledgement: Fields) -> bytes:
        return json.dumps(acknowledgement).encode()

    def acknowledge(self, fields: Fields, key: Key | None) -> Answer | None:
        body = self.written(self.acknowledgement(fields))
        return Answer(200, key.encrypt(body) if key else body, (("Content-Type", "text/plain"),))

    def reject(self, status: int) -> Answer | None:
        return Answer(status)


class Encrypted(Endpoint):
    """The same where bodies are encrypted, in a rotation."""

    keys = tuple(map(Key, KEYS))


class Server(ThreadingTCPServer):
    """Serves in a thread of its own; every request too."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answering: Callable[[Received], Answer | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answering = answering
        self.requests: list[Received] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/callback"


class _Handler(StreamRequestHandler):
    """Reads requests that are right, with much less work than ``http.server`` does."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        with suppress(ConnectionError):
            while line := self.rfile.readline():  # POST /callback HTTP/1.1
                if not self._respond(line.split()[0].decode()):
                    break

    def _respond(self, method: str) -> bool:
        """Respond to one request, and return whether another may follow."""
        headers = Message()
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(": ")
            headers[name] = value
        server = cast(Server, self.server)
        request = Received(self._body(headers), headers, self.client_address, method)
        server.requests.append(request)
        answer = server.answering(request)
        if answer is None:
            return False
        lines = [
            f"{answer.version} {answer.status} Whatever",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        body = answer.body
        if answer.chunked:
            lines.append("Transfer-Encoding: chunked")
            pieces = [body[at : at + 7] for at in range(0, len(body), 7)] + [b""]
            body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        elif not answer.close:
            lines.append(f"Content-Length: {len(body)}")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return not answer.close and answer.version != "HTTP/1.0"

    def _body(self, headers: Message) -> bytes:
        if headers["Transfer-Encoding"] != "chunked":
            return self.rfile.read(int(headers["Content-Length"] or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


@contextmanager
def served(answering: Callable[[Received], Answer | None]) -> Generator[Server]:
    """The endpoint, running."""
    with Server(answering) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@frozen
class Direct:
    """Delivers to an endpoint without HTTP in between, one callback after the other."""

    answering: Callable[[Received], Answer | None]
    url: str = "http://127.0.0.1/callback"

    def deliver(self, requests: list[Request], *, over_one_connection: bool = False) -> list[Response]:
        return [self._response(request) for request in requests]

    def _response(self, request: Request) -> Response:
        sent = datetime.now(SKYPAY_ZONE)
        answer = self.answering(Received(request.body, Message(), self, request.method))
        if answer is None:
            return ConnectionClosed("the connection was closed")
        headers = tuple((name.lower().encode(), value.encode()) for name, value in answer.headers)
        return HttpResponse(answer.status, answer.version, headers, answer.body, sent, 0.001)


@contextmanager
def direct(answering: Callable[[Received], Answer | None]) -> Generator[Direct]:
    """The endpoint as every check gets to it without HTTP in between, where only its answers matter."""
    with pytest.MonkeyPatch.context() as patch:
        endpoint = Direct(answering)
        patch.setattr(_delivery, "connected", lambda url: nullcontext(endpoint))
        yield endpoint
