"""One exchange over HTTP as data: what goes out, what comes back, and why nothing came."""

from datetime import datetime
from typing import TypeAlias

from attrs import frozen


@frozen
class Request:
    """One callback as it goes out."""

    body: bytes
    content_type: str = "text/plain"
    chunked: bool = False  # with no Content-Length
    method: str = "POST"
    shouted: bool = False  # with the names of the headers in capitals


@frozen
class HttpResponse:
    """What came back."""

    status: int
    version: str  # HTTP/1.0 or HTTP/1.1
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes  # at most 64 KiB of it, never decompressed
    sent: datetime  # when the delivery began: aware, in UTC+8
    seconds: float  # from then until the whole response was here

    def header(self, name: bytes) -> str:
        """Return the value of the header, ``""`` if there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name), "")


class DeliveryError(ConnectionError):
    """The endpoint gave no response. The message is one line that says why, and nothing that was sent."""

    status, version, headers, body, seconds = 0, "", (), b"", 0.0


class Unreachable(DeliveryError):
    """There was nobody to deliver to."""


class ConnectionClosed(DeliveryError):
    """The connection ended before a whole response was there."""


Response: TypeAlias = HttpResponse | DeliveryError
