"""The documented nginx.conf: only whole requests from the allow-list reach the endpoint, over TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from skypay_payout.testing import SAMPLE
from tests.support.certificates import self_signed
from tests.support.servers import PATIENCE, Nginx, wait_until

pytestmark = pytest.mark.heavy

HEAD = b"POST /callback HTTP/1.1\r\nHost: callback.partner.example\r\nContent-Type: text/plain\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(SAMPLE), SAMPLE)
COUNTED = b"Content-Length: %d\r\n\r\n%b" % (len(SAMPLE), SAMPLE)


class Backend:
    """What nginx passes on, request by request."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]

    def answer_next(self) -> tuple[bytes, bytes]:
        """The head and the body of the next request; it is answered."""
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(PATIENCE)
            received = b""
            while not received.endswith(SAMPLE):
                piece = connection.recv(65536)
                assert piece, received
                received += piece
            headers = b"Content-Type: text/plain\r\nContent-Length: 8\r\nConnection: close"
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\nreceived")
        head, _, body = received.partition(b"\r\n\r\n")
        return head, body

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def backend() -> Iterator[Backend]:
    one = Backend()
    yield one
    one.close()


def started(stack: ExitStack, nginx: Nginx) -> Nginx:
    def listens() -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", nginx.port)) == 0

    nginx.start()
    stack.callback(nginx.kill)
    wait_until(listens)
    return nginx


def sent(nginx: Nginx, data: bytes, source: str = "127.0.0.1") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", nginx.port), PATIENCE, (source, 0))
    connection.sendall(data)
    return connection


def status(connection: socket.socket) -> int:
    return int(connection.recv(1024).split()[1])


@pytest.mark.parametrize("whole", [COUNTED, CHUNKED], ids=["counted", "chunked"])
def test_half_sent_requests_do_not_reach_the_endpoint_and_a_chunked_one_reaches_it_with_its_length(
    backend: Backend, tmp_path: Path, whole: bytes
) -> None:
    halves = [HEAD, HEAD + COUNTED[:-1], HEAD + CHUNKED[:-1], HEAD + CHUNKED[:-9]]
    with ExitStack() as stack:
        nginx = started(stack, Nginx(tmp_path, backend.port))
        for half in halves * 4:
            stack.enter_context(sent(nginx, half))
        sender = stack.enter_context(sent(nginx, HEAD + whole))
        head, body = backend.answer_next()
        assert status(sender) == 200
    assert body == SAMPLE
    lines = head.lower().splitlines()
    assert b"content-length: %d" % len(SAMPLE) in lines
    assert not any(line.startswith(b"transfer-encoding:") for line in lines)
    assert b"host: callback.partner.example" in lines


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (b"GET /callback", 405),
        (b"HEAD /callback", 405),
        (b"OPTIONS /callback", 405),
        (b"PUT /callback", 405),
        (b"POST /callback/", 404),
        (b"POST /", 404),
        (b"POST /Callback", 404),
    ],
)
def test_only_post_to_the_exact_path_is_passed_on(
    backend: Backend, tmp_path: Path, request_line: bytes, expected: int
) -> None:
    with ExitStack() as stack:
        nginx = started(stack, Nginx(tmp_path, backend.port))
        other = HEAD.replace(b"POST /callback", request_line) + COUNTED
        assert status(stack.enter_context(sent(nginx, other))) == expected
        stack.enter_context(sent(nginx, HEAD + COUNTED))
        assert backend.answer_next()[0].startswith(b"POST /callback ")


def test_an_address_beside_the_allow_list_is_rejected(backend: Backend, tmp_path: Path) -> None:
    with ExitStack() as stack:
        nginx = started(stack, Nginx(tmp_path, backend.port))
        assert status(stack.enter_context(sent(nginx, HEAD + COUNTED, source="127.0.0.2"))) == 403
        sender = stack.enter_context(sent(nginx, HEAD + COUNTED))
        backend.answer_next()
        assert status(sender) == 200


def test_a_response_is_not_compressed_where_gzip_is_on_for_all_others(
    backend: Backend, tmp_path: Path
) -> None:
    nginx = Nginx(tmp_path, backend.port)
    main = tmp_path / "nginx" / "nginx.conf"
    gzip = "gzip on; gzip_types text/plain; gzip_min_length 1; gzip_proxied any;"
    main.write_text(main.read_text().replace("http {", f"http {{ {gzip}"))
    with ExitStack() as stack:
        started(stack, nginx)
        head = HEAD + b"Accept-Encoding: gzip\r\nConnection: close\r\n"
        sender = stack.enter_context(sent(nginx, head + COUNTED))
        backend.answer_next()
        with sender.makefile("rb") as stream:
            assert stream.read().endswith(b"\r\n\r\nreceived")


def certificate(directory: Path) -> Path:
    """A certificate for the documented host and its key, in one file."""
    return self_signed(directory, "callback.partner.example")


def test_it_is_valid_for_nginx_and_serves_tls_and_no_plain_http(backend: Backend, tmp_path: Path) -> None:
    path = certificate(tmp_path)
    trusted = ssl.create_default_context(cafile=path)
    with ExitStack() as stack:
        nginx = Nginx(tmp_path, backend.port, path)
        said = nginx.check()
        assert "test is successful" in said
        assert "[warn]" not in said
        started(stack, nginx)
        assert status(stack.enter_context(sent(nginx, HEAD + COUNTED))) == 400
        plain = stack.enter_context(sent(nginx, b""))
        with trusted.wrap_socket(plain, server_hostname="callback.partner.example") as sender:
            assert sender.version() in ("TLSv1.2", "TLSv1.3")
            sender.sendall(HEAD + COUNTED)
            assert backend.answer_next()[1] == SAMPLE
            assert status(sender) == 200
