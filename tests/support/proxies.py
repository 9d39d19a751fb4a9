"""A TCP proxy that can go silent, as a NAT does that forgets connections, or a network that is cut."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread


class Proxy:
    """Forwards connections of the loopback to a server: to its Unix socket, or to a port of the loopback."""

    def __init__(self, target: Path | int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._silent: set[int] = set()
        self._lock = Lock()
        self._sockets: list[socket.socket] = []
        self.all_silent = False
        """Whether new connections are silent too."""
        self.silent_from: bytes | None = None
        """What makes a connection silent when it is sent."""
        self._closed = Event()
        Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """Forward nothing more on the connections that there are, and do not close them."""
        with self._lock:
            self._silent.update(map(id, self._sockets))

    def close(self) -> None:
        self._closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_INET if isinstance(self._target, int) else socket.AF_UNIX)
                with self._lock:
                    self._sockets += [client, server]
                    if self.all_silent:
                        self._silent.update((id(client), id(server)))
                        continue
                try:
                    server.connect(
                        ("127.0.0.1", self._target) if isinstance(self._target, int) else str(self._target)
                    )
                except OSError:
                    client.shutdown(socket.SHUT_RDWR)
                    continue
                for pair in ((client, server), (server, client)):
                    Thread(target=self._forward, args=pair, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.silent_from is not None and self.silent_from in data:
                    self._silent.add(id(source))
                if id(source) in self._silent:
                    self._closed.wait()
                    return
                target.sendall(data)
        if id(source) not in self._silent:
            with suppress(OSError):
                target.shutdown(socket.SHUT_WR)
