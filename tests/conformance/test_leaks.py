"""A secret is found in whatever form a response repeats it, and a response without one holds none."""

from __future__ import annotations

import json
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Callable, Iterator
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from skypay_payout.testing import AUTHENTICATION
from skypay_payout.testing._leaks import holds_any

SECRETS = [AUTHENTICATION, 'a "secret" \\ with + & <signs>', "余额不足的密钥", "a 😀 secret"]


def escaped(text: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in _units(text))


def _units(text: str) -> Iterator[int]:
    data = text.encode("utf-16-be")
    return (int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


FORMS: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "in a text": lambda s: f"no callback of {s}.".encode(),
    "in capitals": lambda s: s.upper().encode(),
    "in UTF-16": lambda s: s.encode("utf-16") if s.isascii() else s.encode(),
    "in JSON": lambda s: json.dumps({"a": s}).encode(),
    "in JSON with Chinese": lambda s: json.dumps({"a": s}, ensure_ascii=False).encode(),
    "in JSON in JSON": lambda s: json.dumps({"a": json.dumps({"b": s})}).encode(),
    "as escapes of JSON": lambda s: escaped(s).encode(),
    "as escapes in capitals": lambda s: escaped(s).upper().replace("\\U", "\\u").encode(),
    "with escaped slashes": lambda s: json.dumps(f"{s}/{s}").replace("/", "\\/").encode(),
    "in HTML": lambda s: f"<p>{escape(s)}</p>".encode(),
    "as entities": lambda s: "".join(f"&#{ord(char)};" for char in s).encode(),
    "as hexadecimal entities": lambda s: "".join(f"&#x{ord(char):X};" for char in s).encode(),
    "in a URL": lambda s: f"/error?body={quote(s)}".encode(),
    "in a form": lambda s: f"body={quote_plus(s)}".encode(),
    "every byte in a URL": lambda s: "".join(f"%{byte:02x}" for byte in s.encode()).encode(),
    "in Base64": lambda s: b64encode(s.encode()),
    "in Base64 of more": lambda s: b"token: " + b64encode(b"user:" + s.encode() + b":more"),
    "in Base64 after letters": lambda s: b"abc" + b64encode(s.encode()),
    "in Base64 without padding": lambda s: b64encode(s.encode()).rstrip(b"="),
    "in Base64 of URLs": lambda s: urlsafe_b64encode(s.encode()),
    "in Base64 in lines": lambda s: encodebytes(b"x" * 100 + s.encode()),
    "in Base64 in a URL": lambda s: quote(b64encode(s.encode()).decode(), safe="").encode(),
    "in Base64 of JSON in JSON": lambda s: json.dumps(b64encode(json.dumps([s]).encode()).decode()).encode(),
    "in hexadecimal": lambda s: s.encode().hex().encode(),
    "in HTML of JSON of a URL": lambda s: escape(json.dumps({"u": quote(s)})).encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found(secret: str, form: str) -> None:
    data = FORMS[form](secret)
    assert holds_any([data], [secret])
    assert holds_any([data], ["something else", secret])
    assert not holds_any([data], ["something else"])


def test_a_secret_is_found_in_any_of_several() -> None:
    assert holds_any([b"encrypted", b"nothing", AUTHENTICATION.encode()], [AUTHENTICATION])
    assert not holds_any([b"encrypted", b"nothing"], [AUTHENTICATION])


@pytest.mark.parametrize(
    "data", [b"", b"%", b"\\", b"\\u12", b"&#;", b"&#999999999;", b"A" * 65536, bytes(range(256)) * 256]
)
def test_what_holds_no_secret_is_no_problem(data: bytes) -> None:
    assert not holds_any([data], [AUTHENTICATION])


def test_an_empty_secret_is_in_nothing() -> None:
    assert not holds_any([b"anything"], [""])
