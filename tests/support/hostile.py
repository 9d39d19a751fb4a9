"""Bodies made to cost much: each of about the size that is asked for.

``python tests/hostile.py`` shows what they cost on this machine.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from timeit import repeat

from skypay_payout import CallbackError, CallbackParser
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, body

GOOD = body()


def _with(member: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """In a callback of the right account, so that it is not refused before it is looked at."""
    return lambda size: GOOD[:-1] + b"," + member(size - len(GOOD) - 1) + b"}"


def _repeated(start: bytes, part: bytes, end: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: start + part * ((size - len(start) - len(end)) // len(part)) + end


def _members(name: str, value: str) -> Callable[[int], bytes]:
    def made(size: int) -> bytes:
        one = len(f'"{name}00000":{value},')
        return ",".join(f'"{name}{number:05}":{value}' for number in range(size // one)).encode()

    return made


def _replaced(name: str, value: Callable[[int], bytes]) -> Callable[[int], bytes]:
    members = body(**{name: "@"})  # type: ignore[arg-type]
    return lambda size: members.replace(b'"@"', value(size - len(members)))


STRANGE: dict[str, Callable[[int], bytes]] = {
    "opening brackets": _repeated(b"", b"["),
    "arrays in arrays": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "objects in objects": _repeated(b"", b'{"a":'),
    "commas": _repeated(b'{"a":1', b",", b"}"),
    "commas in an array": _repeated(b'{"a":[1', b",", b"]}"),
    "commas among white space": _repeated(b'{"a":1', b" , ", b"}"),
    "closing braces": _repeated(b"{", b"}"),
    "colons": _repeated(b'{"a"', b":", b"}"),
    "quotes": _repeated(b"{", b'"', b"}"),
    "backslashes": _repeated(b'{"', b"\\", b'":1}'),
    "digits": _repeated(b'{"a":', b"7", b"}"),
    "digits after the point": _repeated(b'{"a":0.', b"7", b"}"),
    "digits of the exponent": _repeated(b'{"a":1e', b"7", b"}"),
    "minus signs": _repeated(b"{", b"-", b"}"),
    "white space": _repeated(b"", b" \t\r\n"),
    "lines": _repeated(b"{", b"\n", b"!"),
    "byte order marks": _repeated(b"", b"\xef\xbb\xbf", b"{}"),
    "zeros": _repeated(b"", b"\0"),
    "0xFF": _repeated(b"", b"\xff"),
    "a truncated character at the end": _repeated(b'{"', b"a", b"\xe4"),
    "a string without an end": _repeated(b'{"a":"', b"a"),
    "strangers' members": lambda size: b"{" + _members("a", "1")(size - 2) + b"}",
    "a member twice at the end": lambda size: b"{" + _members("a", "1")(size - 20) + b',"a00000":1}',
    "a stranger's long secret": _repeated(b'{"userName":"AppName@skypay","authentication":"', b"a", b'"}'),
    "the usual form, cut short in a text": _repeated(GOOD[: GOOD.index(b"MLA")], b"a"),
    "the usual form, and white space": _repeated(GOOD[:-1], b" "),
    "Base64": _repeated(b"", b"QUJD"),
    "lines of Base64": _repeated(b"", b"QUJD\r\n"),
    "line breaks": _repeated(b"", b"\r\n"),
}
"""Nobody proved who sent them."""

PROVED: dict[str, Callable[[int], bytes]] = {
    "a long text": _with(_repeated(b'"x":"', b"a", b'"')),
    "a long escaped text": _with(_repeated(b'"x":"', b"\\u4f59", b'"')),
    "a long name": _with(_repeated(b'"', b"a", b'":1')),
    "an array of numbers": _with(_repeated(b'"x":[0', b",0", b"]")),
    "an array of arrays": _with(_repeated(b'"x":[[]', b",[]", b"]")),
    "an array of objects": _with(_repeated(b'"x":[{}', b",{}", b"]")),
    "an array of deep arrays": _with(_repeated(b'"x":[1', b"," + b"[" * 60 + b"]" * 60, b"]")),
    "an object of numbers": _with(lambda size: b'"x":{' + _members("a", "1")(size - 7) + b"}"),
    "unknown members": _with(_members("a", "1")),
    "unknown members of arrays": _with(_members("a", "[1,[2]]")),
    "the secret many times": _with(_repeated(b'"x":"', AUTHENTICATION.encode(), b'"')),
    "the secret in many names": _with(_members(AUTHENTICATION, "1")),
}
"""Callbacks that are taken."""

WRONG: dict[str, Callable[[int], bytes]] = {
    "a long action": _replaced("action", _repeated(b'"', b"a", b'"')),
    "a long control number": _replaced("controlNumber", _repeated(b'"SK991', b"1", b'"')),
    "a long mask": _replaced("controlNumber", _repeated(b'"SK991', b"*", b'"')),
    "a long status": _replaced("payType", _repeated(b'"', b"1", b'"')),
    "a status of many digits": _replaced("payType", lambda _: b"1" * 4300),
    "a long fraction of a second": _replaced("dealTime", _repeated(b'"2018-08-07 11:58:33.', b"1", b'"')),
    "a long offset": _replaced("dealTime", _repeated(b'"2018-08-07 11:58:33+', b"0", b'"')),
    "a long year": _replaced("dealTime", _repeated(b'"', b"2", b'"')),
    "an array as the time": _replaced("dealTime", _repeated(b"[0", b",0", b"]")),
    "an object as the reason": _replaced(
        "failDescription", lambda size: b"{" + _members("a", "1")(size - 2) + b"}"
    ),
    "half a surrogate pair at the end": _replaced("referenceNumber", _repeated(b'"', b"a", b'\\ud800"')),
    "everything": lambda size: (
        _replaced("action", _repeated(b"[0", b",0", b"]"))(size)
        .replace(b'"payType"', b'"PayType"')
        .replace(b'"dealTime"', b'"DealTime"')
    ),
}
"""Sent by the right account, but invalid."""


def _microseconds(data: bytes) -> float:
    parser = CallbackParser(CREDENTIALS)

    def judge() -> None:
        with suppress(CallbackError):
            parser.parse(data)

    return min(repeat(judge, number=1, repeat=30)) * 1e6


def main() -> None:
    """A line for each body: the shortest of 30 times to judge it, at two sizes."""
    from latest import keep

    lines = [f"{'body':34}{'16 KiB':>10}{'64 KiB':>10}{'growth':>8}"]
    for bodies in (PROVED, WRONG, STRANGE):
        for name, make in bodies.items():
            small, large = _microseconds(make(2**14)), _microseconds(make(2**16))
            lines.append(f"{name:34}{small:7.0f} us{large:7.0f} us{large / small:8.1f}")
    print(*lines, sep="\n")
    keep(Path(__file__).parent / "data" / "costs.txt", lines)


if __name__ == "__main__":
    main()
