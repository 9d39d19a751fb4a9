"""A delivery ends within its deadline, whatever comes back, and nothing of it is kept or decompressed."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from gzip import compress
from itertools import repeat
from pathlib import Path
from threading import Event, Thread
from typing import TypeAlias

import pytest

from skypay_payout._command import main
from skypay_payout.conformance import _delivery
from skypay_payout.conformance._delivery import Client, connected
from skypay_payout.conformance._http import DeliveryError, HttpResponse, Request, Unreachable
from skypay_payout.conformance._transport import reason
from skypay_payout.testing import AUTHENTICATION, USER_NAME
from tests.conformance.served import Answer, Endpoint, Received, served
from tests.support.certificates import self_signed

PATIENCE = 60.0
"""Seconds until a test that hangs fails."""
SHORT = 0.3
"""The deadline of deliveries that never get a response; the others have that of the client."""
Script: TypeAlias = "Callable[[socket.socket, Event], None]"

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def deliver(client: Client, request: Request) -> HttpResponse:
    """Deliver one callback. Raises ``DeliveryError``."""
    (response,) = client.deliver([request])
    if isinstance(response, DeliveryError):
        raise response
    return response


class Misbehaving:
    """A server that follows a script on each connection once it has read the request."""

    def __init__(self, script: Script, *, reads: bool = True, context: ssl.SSLContext | None = None) -> None:
        self._script, self._reads, self._context = script, reads, context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._ended = Event()
        self.requests: list[bytes] = []
        self.sent = 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/callback"

    @contextmanager
    def running(self) -> Generator[Misbehaving]:
        threads = [Thread(target=self._accept)]
        threads[0].start()
        try:
            yield self
        finally:
            self._ended.set()
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            threads[0].join(PATIENCE)

    def _accept(self) -> None:
        connections = list[Thread]()
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connections.append(Thread(target=self._serve, args=(connection,)))
                connections[-1].start()
        for thread in connections:
            thread.join(PATIENCE)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), ExitStack() as stack:
            stack.enter_context(connection)
            connection.settimeout(PATIENCE)
            if self._context:
                connection = stack.enter_context(self._context.wrap_socket(connection, server_side=True))
            if self._reads:
                self.requests.append(_whole_request(connection))
            self._script(connection, self._ended)
            # With anything unread, close() would reset the connection, and the response may be lost.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass


def _whole_request(connection: socket.socket) -> bytes:
    request = b""
    while piece := connection.recv(65536):
        request += piece
        headers, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: *(\d+)", headers)
        if end and length and len(body) >= int(length[1]):
            break
    return request


def sending(data: bytes, *, hold: bool = False) -> Script:
    """Send this once, and close the connection or hold it open."""

    def script(connection: socket.socket, ended: Event) -> None:
        connection.sendall(data)
        if hold:
            ended.wait(PATIENCE)

    return script


def endless(start: bytes, piece: bytes, *, slowly: bool = False) -> Script:
    """Send a piece again and again, as fast as it is taken or one after the other."""

    def script(connection: socket.socket, ended: Event) -> None:
        connection.sendall(start)
        for _ in repeat(None):
            if ended.wait(0.02 if slowly else 0):
                break
            connection.sendall(piece)

    return script


def resetting(start: bytes) -> Script:
    """Send this, and then reset the connection."""

    def script(connection: socket.socket, _: Event) -> None:
        connection.sendall(start)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return script


SILENT, CLOSED = "no response within", "the connection was closed, or what came is not HTTP"
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
"""Of deflate: nothing comes of it, however often it is repeated."""

MISBEHAVING: dict[str, tuple[Script, str]] = {
    "never responds": (sending(b"", hold=True), SILENT),
    "responds slowly, byte by byte": (endless(b"", b"H", slowly=True), "(no response within|is not HTTP)"),
    "sends its headers slowly": (endless(OK + b"X: ", b"x", slowly=True), SILENT),
    "sends headers without end": (endless(OK, b"X-More: 1\r\n"), CLOSED),
    "sends headers slowly without end": (endless(OK, b"X-More: 1\r\n", slowly=True), SILENT),
    "sends one header without end": (endless(OK + b"X: ", b"x" * 4096), CLOSED),
    "sends 1xx responses without end": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), SILENT),
    "sends 1xx responses slowly": (endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n", slowly=True), SILENT),
    "sends early hints without end": (
        endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        SILENT,
    ),
    "sends its body slowly": (endless(OK + b"Content-Length: 99999\r\n\r\n", b"x", slowly=True), SILENT),
    "stops in its body": (sending(OK + b"Content-Length: 99\r\n\r\n{", hold=True), SILENT),
    "sends chunks slowly": (endless(CHUNKED, b"1\r\nx\r\n", slowly=True), SILENT),
    "sends a chunk extension without end": (endless(CHUNKED + b"1;x=", b"y" * 1024), CLOSED),
    "sends a chunk extension slowly": (endless(CHUNKED + b"1;x=", b"y", slowly=True), SILENT),
    "sends a chunk size without end": (endless(CHUNKED, b"0" * 1024), CLOSED),
    "sends trailers without end": (endless(CHUNKED + b"0\r\n", b"X: 1\r\n"), CLOSED),
    "sends trailers slowly": (endless(CHUNKED + b"0\r\n", b"X: 1\r\n", slowly=True), SILENT),
    "sends empty compressed blocks": (
        endless(OK + b"Content-Encoding: deflate\r\n\r\n", EMPTY_BLOCK, slowly=True),
        SILENT,
    ),
    "sends white space first": (endless(b"", b"\r\n", slowly=True), "(no response within|is not HTTP)"),
    "switches protocols": (
        sending(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            hold=True,
        ),
        "(no response within|is not HTTP)",
    ),
    "sends no line of status": (sending(b"hello\r\n\r\n"), CLOSED),
    "speaks HTTP/0.9": (sending(b'{"responseCode":"1000"}'), CLOSED),
    "speaks HTTP/2": (sending(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18), CLOSED),
    "speaks TLS": (sending(b"\x15\x03\x01\x00\x02\x02\x50"), CLOSED),
    "sends noise": (sending(bytes(range(256)) * 64), CLOSED),
    "closes at once": (sending(b""), CLOSED),
    "resets the connection": (resetting(b""), CLOSED),
    "resets the connection in its body": (resetting(OK + b"Content-Length: 99\r\n\r\n{"), CLOSED),
    "closes in its headers": (sending(OK + b"Content-Le"), CLOSED),
    "closes in its body": (sending(OK + b"Content-Length: 99\r\n\r\n{"), CLOSED),
    "closes in a chunk": (sending(CHUNKED + b"ff\r\n{"), CLOSED),
    "sends a length that is no number": (sending(OK + b"Content-Length: abc\r\n\r\n"), CLOSED),
    "sends a negative length": (sending(OK + b"Content-Length: -1\r\n\r\n"), CLOSED),
    "sends two lengths": (sending(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), CLOSED),
    "sends a length beyond all memory": (sending(OK + b"Content-Length: 99999999999999999\r\n\r\n{"), CLOSED),
    "sends a chunk beyond all memory": (sending(CHUNKED + b"ffffffffffffffff\r\n{"), CLOSED),
    "sends a chunk of a negative size": (sending(CHUNKED + b"-5\r\nhello"), CLOSED),
    "sends a header without a colon": (sending(OK + b"nothing\r\n\r\n"), CLOSED),
    "sends NUL in a header": (sending(OK + b"X: a\x00b\r\n\r\n"), CLOSED),
    "compresses chunks twice": (sending(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), CLOSED),
    "sends a status of four digits": (sending(b"HTTP/1.1 2000 OK\r\n\r\n"), CLOSED),
    "sends bytes in headers": (
        sending(
            OK
            + "X-Müll: 余额\r\nContent-Type: text/plain; charset=\xff\r\nContent-Length: 0\r\n\r\n".encode()
        ),
        "(is not HTTP|expected one JSON object)",
    ),
    "sends an odd charset": (
        sending(OK + b"Content-Type: text/plain; charset=rot13\r\nContent-Length: 2\r\n\r\nOK"),
        "expected one JSON object, got 'OK'",
    ),
    "sends odd cookies": (
        sending(
            OK + b"Set-Cookie: =;;=\r\nSet-Cookie: a=b; expires=x; domain=..\r\nContent-Length: 2\r\n\r\nOK"
        ),
        "expected one JSON object",
    ),
    "redirects to itself": (
        sending(b"HTTP/1.1 302 Found\r\nLocation: /callback\r\nContent-Length: 0\r\n\r\n"),
        "expected status 200, got 302",
    ),
    "redirects to nowhere": (
        sending(b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"),
        "(is not HTTP|expected status 200, got 302)",
    ),
    "sends a body without end": (endless(OK + b"\r\n", b"x" * 65536), "expected one JSON object"),
    "sends chunks without end": (
        endless(CHUNKED, b"400\r\n" + b"x" * 1024 + b"\r\n"),
        "expected one JSON object",
    ),
    "sends a bomb": (
        sending(OK + b"Content-Encoding: gzip\r\n\r\n" + compress(b" " * 50_000_000)),
        "expected no Content-Encoding",
    ),
    "compresses what is no gzip": (
        sending(OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
        "expected no Content-Encoding",
    ),
    "sends something deep": (sending(OK + b"\r\n" + b"[" * 65000), "nested too deep"),
    "sends deep objects": (sending(OK + b"\r\n" + b'{"a":' * 12000), "(nested too deep|not JSON)"),
    "sends a number of many digits": (sending(OK + b"\r\n" + b"9" * 60000), "Exceeds the limit"),
    "sends two responses": (
        sending((OK + b"Content-Length: 2\r\n\r\n{}") * 2),
        "expected responseCode 1000, got 'none'",
    ),
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION)
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY", raising=False)


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_delivery, "DEADLINE", SHORT)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("name", MISBEHAVING)
def test_a_server_is_survived_that(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script, problem = MISBEHAVING[name]
    if "no response within" in problem:
        monkeypatch.setattr(_delivery, "DEADLINE", SHORT)
    statuses = list[int]()
    with Misbehaving(script).running() as server:
        thread = Thread(target=lambda: statuses.append(main(["send", server.url])), daemon=True)
        thread.start()
        thread.join(PATIENCE)
        assert not thread.is_alive()
    out, err = capsys.readouterr()
    assert statuses == [1]
    assert re.search(problem, " ".join(out.split()))
    assert "Traceback" not in out + err


def test_at_least_20_misbehaving_servers_are_tried() -> None:
    assert len(MISBEHAVING) >= 20


@pytest.mark.usefixtures("_short")
def test_a_server_that_never_reads_is_survived() -> None:
    def script(_: socket.socket, ended: Event) -> None:
        ended.wait(PATIENCE)

    with (
        Misbehaving(script, reads=False).running() as server,
        connected(server.url) as client,
        pytest.raises(DeliveryError, match="no response within"),
    ):
        deliver(client, Request(b"x" * 50_000_000))


@pytest.mark.usefixtures("_short")
def test_the_deadline_is_over_all_deliveries_at_once() -> None:
    with Misbehaving(sending(b"", hold=True)).running() as server, connected(server.url) as client:
        responses = client.deliver([Request(b"x")] * 5)
    assert [(str(response), response.seconds) for response in responses] == [(SILENT + " 0 s", SHORT)] * 5


def test_no_more_is_read_than_64_kib() -> None:
    with (
        Misbehaving(endless(OK + b"\r\n", b"x" * 65536)).running() as server,
        connected(server.url) as client,
    ):
        response = deliver(client, Request(b"{}"))
    assert response.body == b"x" * 65536


def echoing(request: Received) -> Answer:
    names = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    return Answer(200, names.encode(), (("Set-Cookie", "session=1"), ("X-Answer", "yes")))


def test_no_compression_is_asked_for_and_no_cookie_is_kept() -> None:
    with served(echoing) as server, connected(server.url) as client:
        responses = [deliver(client, Request(b"{}")) for _ in range(2)]
        responses += [
            one
            for one in client.deliver([Request(b"{}")] * 2, over_one_connection=True)
            if isinstance(one, HttpResponse)
        ]
    assert len(responses) == 4
    for response in responses:
        headers = response.body.decode().splitlines()
        assert "Accept-Encoding: identity" in headers
        assert "Content-Type: text/plain" in headers
        assert not any(header.lower().startswith("cookie") for header in headers)


def test_a_request_comes_as_skypay_sends_it_unless_something_else_is_asked_for() -> None:
    with served(echoing) as server, connected(server.url) as client:
        deliver(client, Request(b"plain"))
        deliver(client, Request(b"chunked" * 1000, chunked=True))
        shouted = deliver(client, Request(b"shouted", content_type="text/plain; charset=utf-8", shouted=True))
    bodies = [request.body for request in server.requests]
    assert bodies == [b"plain", b"chunked" * 1000, b"shouted"]
    assert server.requests[1].headers["Transfer-Encoding"] == "chunked"
    names = [line.partition(":")[0] for line in shouted.body.decode().splitlines()]
    assert names == [name.upper() for name in names]
    assert server.requests[2].headers["CONTENT-TYPE"] == "text/plain; charset=utf-8"


def test_a_response_tells_what_came() -> None:
    with served(Endpoint()) as server, connected(server.url) as client:
        response = deliver(client, Request(b""))
    assert (response.status, response.version, response.body) == (400, "HTTP/1.1", b"")
    assert response.header(b"content-length") == "0"
    assert response.header(b"content-encoding") == ""
    assert response.sent.utcoffset() is not None
    assert 0 < response.seconds < PATIENCE


def test_over_one_connection_all_come_from_one_address() -> None:
    with served(Endpoint()) as server, connected(server.url) as client:
        client.deliver([Request(b"1"), Request(b"2"), Request(b"3")], over_one_connection=True)
        deliver(client, Request(b"4"))
    addresses = [request.connection for request in server.requests]
    assert len(set(addresses)) == 2
    assert len(set(addresses[:3])) == 1


@pytest.mark.parametrize("waits", [False, True], ids=["between two requests", "when the next request comes"])
def test_a_server_may_close_a_connection(waits: bool) -> None:
    def once(connection: socket.socket, _: Event) -> None:
        connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}")
        if waits:
            connection.recv(1)

    with Misbehaving(once).running() as server, connected(server.url) as client:
        responses = client.deliver([Request(b"1"), Request(b"2")], over_one_connection=True)
    assert [response.status for response in responses if isinstance(response, HttpResponse)] == [200, 200]


def test_a_delivery_that_is_left_is_ended() -> None:
    with Misbehaving(sending(b"", hold=True)).running() as server:
        with suppress(KeyboardInterrupt), connected(server.url) as client:
            left = client._portal.start_task_soon(client._post, Request(b""), client._client)
            client._portal.call(asyncio.sleep, 0)
            raise KeyboardInterrupt
        assert left.done()


@pytest.mark.parametrize(
    "url",
    [
        "callback",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:port/",
        "http://",
        "http:///a",
        "http://xn--/",
        "",
        "http://[::1",
    ],
)
def test_what_is_not_a_url_of_http_is_an_error(url: str) -> None:
    with pytest.raises(ValueError, match="expected a URL"), connected(url):
        pass


@pytest.fixture(
    params=["socks5://user:hidden@127.0.0.1:1", "foo://user:hidden@127.0.0.1", "http://[::1", "http://a:b"]
)
def _odd_proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", request.param)


@pytest.mark.usefixtures("_odd_proxy", "settings")
@pytest.mark.parametrize("command", ["send", "conformance"])
def test_a_proxy_that_cannot_be_used_is_a_usage_error(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "http://127.0.0.1:1/callback"]) == 2
    out, err = capsys.readouterr()
    assert "a proxy in the environment" in err
    assert "hidden" not in out + err
    assert "Traceback" not in err


@pytest.mark.usefixtures("settings")
def test_a_proxy_that_is_not_there_is_unreachable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Endpoint()) as server:
        pass
    monkeypatch.setenv("HTTP_PROXY", server.url)
    assert main(["send", "http://192.0.2.1/callback"]) == 2
    assert "cannot connect" in capsys.readouterr().err


def test_it_can_be_used_where_an_event_loop_runs() -> None:
    async def inside() -> int:
        with served(Endpoint()) as server, connected(server.url) as client:
            return deliver(client, Request(b"")).status

    assert asyncio.run(inside()) == 400


# What stands in the way of a connection


@pytest.mark.parametrize("port", [0, 65536, 99999])
def test_a_port_that_there_is_not_is_an_error(port: int) -> None:
    with (
        pytest.raises(ValueError, match=f"expected a URL with a port from 1 to 65535, got port {port}"),
        connected(f"http://127.0.0.1:{port}/"),
    ):
        pass


def test_a_host_that_there_is_not_is_named_with_the_reason() -> None:
    with (
        connected("http://nowhere.invalid/") as client,
        pytest.raises(Unreachable, match=r"cannot connect to nowhere.invalid:80: \w"),
    ):
        deliver(client, Request(b""))


def test_the_reason_is_that_of_the_first_address_or_of_the_library() -> None:
    first = ConnectionRefusedError(111, "any text")
    raised = OSError("All connection attempts failed")
    raised.__cause__ = ExceptionGroup("several", [first, OSError(113, "unreachable")])
    assert reason(raised) == "Connection refused"
    assert reason(OSError("no more is known")) == "no more is known"


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server of TLS whose certificate nobody else has signed, and the certificate."""
    path = self_signed(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with Misbehaving(sending(OK + b"Content-Length: 2\r\n\r\n{}"), context=context).running() as server:
        yield server.url.replace("http://127.0.0.1", "https://localhost"), path


def test_a_certificate_that_is_not_trusted_is_explained(certified: tuple[str, Path]) -> None:
    url, _ = certified
    hint = r"cannot connect to localhost:\d+: self-signed certificate: .* certificate in SSL_CERT_FILE"
    with connected(url) as client, pytest.raises(Unreachable, match=hint):
        deliver(client, Request(b""))


def test_a_certificate_that_is_named_is_trusted(
    certified: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, certificate = certified
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with connected(url) as client:
        assert deliver(client, Request(b"{}")).status == 200


@pytest.mark.parametrize("reason", ["No such file", "no certificate"])
def test_certificates_that_cannot_be_read_are_named(
    reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "certificates.pem"
    if "no certificate" in reason:
        file.write_text("nothing")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(
        ValueError, match=f"SSL_CERT_FILE: cannot read the certificates in '{file}': .*{reason}"
    ):
        connected("https://localhost/").__enter__()


def test_what_does_not_speak_tls_is_named() -> None:
    plain = Misbehaving(sending(b"HTTP/1.1 400 Bad Request\r\n\r\n"), reads=False)
    with (
        plain.running() as server,
        connected(server.url.replace("http:", "https:")) as client,
        pytest.raises(Unreachable, match=r"cannot connect to 127.0.0.1:\d+: TLS: "),
    ):
        deliver(client, Request(b""))
