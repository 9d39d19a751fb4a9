"""One exchange over HTTP as data: what goes out, what comes back, and why nothing came."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen


class DeliveryError(ConnectionError):
    """The endpoint gave no response. The message is one line that says why, and nothing that was sent."""


class TimedOut(DeliveryError):
    """There was no whole response within the deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no response within {seconds:.0f} s")
        self.seconds = seconds


class Unreachable(DeliveryError):
    """There was nobody to deliver to."""


class ConnectionClosed(DeliveryError):
    """The connection ended before a whole response was there."""


@frozen
class Request:
    """One callback as it goes out: a POST with content type ``text/plain``."""

    body: bytes
    content_type: str = "text/plain"
    chunked: bool = False
    """Send the body in chunks, with no Content-Length."""
    method: str = "POST"
    shouted: bool = False
    """Send the names of the headers in capitals."""


@frozen
class HttpResponse:
    """What came back."""

    status: int
    """The HTTP status."""
    version: str
    """``HTTP/1.0`` or ``HTTP/1.1``."""
    headers: tuple[tuple[bytes, bytes], ...]
    """Names and values, as they came."""
    body: bytes
    """At most 64 KiB of it, as it came: it is never decompressed."""
    sent: datetime
    """When the delivery began: aware, in UTC+8."""
    seconds: float
    """From then until the whole response was here, with the time to connect."""

    def header(self, name: bytes) -> str:
        """Return the value of the header, ``""`` if there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name), "")
