"""Use httpx as the check needs it: certificates, cookies, requests, and why nobody could be reached."""

import os
import ssl
from collections.abc import AsyncIterator
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from socket import gaierror
from typing import cast

import httpx

from ._http import Request

_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "skypay-payout"}


@cache  # reading the certificates takes longer than a delivery
def _ssl_context(file: str | None, directory: str | None) -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        name, value = ("SSL_CERT_FILE", file) if file else ("SSL_CERT_DIR", directory)
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ValueError(f"{name}: cannot read the certificates in {value!r}: {why}") from None


def new_client(*, keepalive: int) -> httpx.AsyncClient:
    """Return a client that keeps so many connections open. Raises ``ValueError`` for the environment."""
    context = _ssl_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    try:
        return httpx.AsyncClient(
            verify=context,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # SkyPay is no browser
            timeout=None,  # noqa: S113  the deadline is over everything, which no timeout of httpx is
            limits=httpx.Limits(max_keepalive_connections=keepalive),
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        # The message may hold the proxy's password.
        told = "a proxy in the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or NO_PROXY) cannot be used"
        raise ValueError(f"{told}; expected http://host:port, or unset it") from None


def built(url: httpx.URL, request: Request) -> httpx.Request:
    content = _pieces(request.body) if request.chunked else request.body
    headers = _HEADERS | {"Content-Type": request.content_type}
    made = httpx.Request(request.method, url, content=content, headers=headers)
    if request.shouted:
        made.headers = httpx.Headers([(name.upper(), value) for name, value in made.headers.raw])
    return made


async def _pieces(body: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def reason(error: BaseException | None) -> str:
    """Return the reason that the operating system or TLS gives, which stands at the end of the chain."""
    text = str(error)
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"{error.verify_message}: if you trust it, name its certificate in SSL_CERT_FILE"
        if isinstance(error, ssl.SSLError):
            return f"TLS: {error.reason}"
        if isinstance(error, OSError) and error.errno:
            return (error.strerror if isinstance(error, gaierror) else os.strerror(error.errno)) or text
        if isinstance(error, BaseExceptionGroup):  # one for each address of the host
            error = cast("BaseException", error.exceptions[0])
        else:
            error = error.__cause__ or error.__context__
    return text


def parsed(url: str) -> httpx.URL:
    """Return the URL of the endpoint. Raises ``ValueError`` if it is none of HTTP."""
    try:
        address = httpx.URL(url)
        is_http = address.scheme in ("http", "https") and address.host
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(f"expected a URL, got something else: {error}") from None
    if not is_http:
        raise ValueError("expected a URL of HTTP, http://... or https://..., got something else")
    if address.port is not None and not 1 <= address.port <= 65535:
        raise ValueError(f"expected a URL with a port from 1 to 65535, got port {address.port}")
    return address
