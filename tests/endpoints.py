"""Endpoints on the loopback for tests: a right one, and what makes it wrong."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TypeAlias, cast

from skypay_payout import CallbackParser

Answer: TypeAlias = "tuple[int, bytes | Iterator[bytes]]"
"""HTTP status and body, in pieces if it has no end."""

Answering: TypeAlias = "Callable[[bytes], Answer | None]"
"""What an endpoint answers to a body; None where it closes the connection without an answer."""


def right(parser: CallbackParser, body: bytes) -> tuple[int, bytes]:
    """What the README's endpoint responds."""
    response = parser.receive(body).respond()
    return response.status, response.body


class Server(ThreadingHTTPServer):
    """Serves in a thread of its own; every request too."""

    daemon_threads = True

    def __init__(self, answering: Answering) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answering = answering
        self.requests: list[tuple[object, str | None]] = []
        """Which connection each request came over, and its content type."""
        self.url = f"http://127.0.0.1:{self.server_port}/callback"

    def stop(self) -> None:
        """From now on nobody can connect."""
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = cast(Server, self.server)
        server.requests.append((self.client_address, self.headers["Content-Type"]))
        answer = server.answering(self.rfile.read(int(self.headers["Content-Length"])))
        if answer is None:
            self.close_connection = True
            return
        status, reply = answer
        self.send_response(status)
        if isinstance(reply, bytes):
            self.send_header("Content-Length", str(len(reply)))
            reply = iter([reply])
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        with suppress(ConnectionError):  # who sent the callback may have heard enough
            for piece in reply:
                self.wfile.write(piece)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's own name
        pass


@contextmanager
def served(answering: Answering) -> Generator[Server]:
    """The endpoint, running."""
    with Server(answering) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
