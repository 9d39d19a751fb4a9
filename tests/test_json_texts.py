"""A table of JSON's edges: what the grammar allows is taken, what it forbids is refused, and where it leaves
the choice to the reader, what was chosen (settled points 1, 8 and 9; RFC 8259).

Every text stands twice: as a member's value in a good callback, and as the whole body.
"""

from __future__ import annotations

import sys

import pytest

from skypay_payout import CallbackError, CallbackParser, ErrorCode, MalformedBodyError, PayoutCallback
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, body

LONGEST = sys.get_int_max_str_digits()


def nested(depth: int) -> list[object]:
    return [nested(depth - 1)] if depth > 1 else []


VALID: list[tuple[bytes, object]] = [
    (b"null", None),
    (b"true", True),
    (b"false", False),
    (b"0", 0),
    (b"-0", 0),
    (b"-0.0", -0.0),
    (b"7", 7),
    (b"-12", -12),
    (b"10", 10),
    (b"0.5", 0.5),
    (b"1e0", 1.0),
    (b"1E5", 100000.0),
    (b"1e+5", 100000.0),
    (b"1.25e-2", 0.0125),
    (b"0e9", 0.0),
    (b"123456789012345678901234567890", 123456789012345678901234567890),
    (b'""', ""),
    (b'" "', " "),
    (b'"a b"', "a b"),
    (b'"\\""', '"'),
    (b'"\\\\"', "\\"),
    (b'"\\/"', "/"),
    (b'"/"', "/"),
    (b'"\\b\\f\\n\\r\\t"', "\b\f\n\r\t"),
    (b'"\\u0041"', "A"),
    (b'"\\u00e9\\u00E9"', "éé"),
    (b'"\\u4f59\\u989d"', "余额"),
    (b'"\\ud83d\\ude00"', "😀"),
    (b'"\\uD83D\\uDE00x"', "😀x"),
    (b'"\\u0000"', "\0"),
    (b'"\\u001f"', "\x1f"),
    (b'"\\u2028\\u2029"', "\u2028\u2029"),
    ('"余额不足"'.encode(), "余额不足"),
    ('"😀"'.encode(), "😀"),
    ('"\u2028\u2029"'.encode(), "\u2028\u2029"),
    ('"\ufeff"'.encode(), "\ufeff"),
    ('"\x7f\x80"'.encode(), "\x7f\x80"),
    ('"\uffff\U0010ffff"'.encode(), "\uffff\U0010ffff"),
    (b'"// no comment"', "// no comment"),
    (b'",}"', ",}"),
    (b'"{\\"a\\":1,}"', '{"a":1,}'),
    (b"[]", []),
    (b"[ ]", []),
    (b"[[]]", [[]]),
    (b"[1,2]", [1, 2]),
    (b"\t[\r\n1 ,\n2\t]\r", [1, 2]),
    (b'[null,true,"",{}]', [None, True, "", {}]),
    (b"{}", {}),
    (b"{ }", {}),
    (b'{"":0}', {"": 0}),
    (b'{"a":{"a":{"a":1}}}', {"a": {"a": {"a": 1}}}),
    (b'{"\\u0000":1}', {"\0": 1}),
    (b'{"a":1,"A":2,"\xc3\xa4":3}', {"a": 1, "A": 2, "ä": 3}),
    (b'{"e\xcc\x81":1,"\xc3\xa9":2}', {"e\u0301": 1, "é": 2}),
    (b'{"__class__":1,"__proto__":2}', {"__class__": 1, "__proto__": 2}),
]

CHOSEN: list[tuple[bytes, object]] = [
    # Read to the nearest float, as every reader with binary floats does.
    (b"0.1", 0.1),
    (b"1e-400", 0.0),
    (b"-1e-400", -0.0),
    (b"9007199254740993.0", 9007199254740992.0),
    (b"1.7976931348623157e308", sys.float_info.max),
    (b"0." + b"1" * 5000, 0.1111111111111111),
    # Whole numbers are exact up to the number of digits that the interpreter converts.
    (b"1" * LONGEST, int("1" * LONGEST)),
    (b"-" + b"1" * LONGEST, -int("1" * LONGEST)),
    # Half of a surrogate pair can be escaped. It is kept where nobody reads it.
    (b'"\\ud800"', "\ud800"),
    (b'"\\udc00\\ud800"', "\udc00\ud800"),
    (b'"\\ud800\\ud800\\udc00"', "\ud800\U00010000"),
    (b'{"\\udfff":1}', {"\udfff": 1}),
    # Nesting is read to a depth of 64, the callback's own object included.
    (b"[" * 63 + b"]" * 63, nested(63)),
]

INVALID = [
    # Words
    b"",
    b"nul",
    b"nulll",
    b"Null",
    b"NULL",
    b"None",
    b"True",
    b"tru",
    b"undefined",
    b"nan",
    b"a",
    b"\xef\xbc\x91",
    # Numbers
    b"NaN",
    b"-NaN",
    b"Infinity",
    b"-Infinity",
    b"+Infinity",
    b"inf",
    b"-",
    b"+1",
    b"--1",
    b"- 1",
    b"01",
    b"-01",
    b"00",
    b"1.",
    b".1",
    b"-.1",
    b"1.e1",
    b"1e",
    b"1e+",
    b"1e1.5",
    b"1ee1",
    b"1.2.3",
    b"1,5",
    b"1_000",
    b"0x1F",
    b"0b1",
    b"1L",
    b"1f",
    b"1 2",
    b"\xd9\xa1",
    b"1e309",
    b"-1e309",
    b"1e99999999999",
    b"1" + b"0" * 400 + b".0",
    b"1" * (LONGEST + 1),
    b"-" + b"1" * (LONGEST + 1),
    # Strings
    b'"',
    b'"a',
    b'a"',
    b"'a'",
    b"`a`",
    b'"a" "b"',
    b'"a"b"',
    b'"\n"',
    b'"\t"',
    b'"\x00"',
    b'"\x1f"',
    b'"\\"',
    b'"\\a"',
    b'"\\x41"',
    b'"\\0"',
    b'"\\\'"',
    b'"\\U0041"',
    b'"\\u"',
    b'"\\u004"',
    b'"\\u00g1"',
    b'"\\u 041"',
    b'"\\u+041"',
    b'"\\u{41}"',
    b'"\\\n"',
    # Arrays
    b"[",
    b"]",
    b"[1",
    b"1]",
    b"[,]",
    b"[1,]",
    b"[,1]",
    b"[1,,2]",
    b"[1 2]",
    b"[1;2]",
    b"[1,2",
    b"[1}",
    b"(1,2)",
    b"[1]]",
    b"[*]",
    b"[" * 64 + b"]" * 64,
    b"[" * 20000,
    b"[" * 20000 + b"]" * 20000,
    # Objects
    b"{",
    b"}",
    b"{,}",
    b'{"a":1,}',
    b'{"a":1,,}',
    b'{,"a":1}',
    b'{"a"}',
    b'{"a":}',
    b'{"a",1}',
    b'{"a":1:2}',
    b'{"a"::1}',
    b'{"a" 1}',
    b'{"a"=1}',
    b'{"a"=>1}',
    b'{"a":1;"b":2}',
    b'{"a":1 "b":2}',
    b"{a:1}",
    b"{'a':1}",
    b"{1:1}",
    b"{null:1}",
    b"{[]:1}",
    b'{"a":1]',
    b'{"a":1}}',
    b'{"a":1',
    b'{"a":"b}',
    b"{\xe2\x80\x9ca\xe2\x80\x9d:1}",
    # Around and between
    b"1//x",
    b"1/**/",
    b"/*x*/1",
    b"#\n1",
    b"1;",
    b"1\x0c",
    b"\x0b1",
    b"\xc2\xa01",
    b"\xe3\x80\x801",
    b"\xe2\x81\xa01",
    b"\xef\xbb\xbf1",
    b"\x001",
    b"1\x00",
    b"1,",
    b",1",
    b"1,2",
    b"<a/>",
    b"a=1",
]

TWICE = [
    b'{"a":1,"a":1}',
    b'{"a":1,"b":2,"a":3}',
    b'{"a":1,"\\u0061":2}',
    b'{"":1,"":2}',
    b'[[{"a":null,"a":null}]]',
    b'{"\xc3\xa9":1,"\\u00e9":2}',
    b'{"a":{"b":1,"b":2},"c":3}',
]

NOT_UTF8 = [
    b'"\xff"',
    b'"\x80"',
    b'"\xc3"',
    b'"\xc0\x80"',
    b'"\xc1\x81"',
    b'"\xe0\x80\xaf"',
    b'"\xed\xa0\x80"',
    b'"\xed\xa0\xbd\xed\xb8\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\xf8\x88\x80\x80\x80"',
    b'"\xe4\xbd"',
    "余额不足".encode("gb18030"),
    "é".encode("latin-1"),
    b"\xff\xfe",
    b"\xfe\xff",
]

GOOD = body()
CIPHER = BodyCipher("0123456789abcdef")
plain = CallbackParser(CREDENTIALS)
sealed = CallbackParser(CREDENTIALS, cipher=CIPHER)


def inside(text: bytes) -> bytes:
    return b'{"unknown":' + text + b"," + GOOD[1:]


def outcome(text: bytes) -> PayoutCallback | CallbackError:
    """What a plain body gives, which must be what a sealed one gives, except that a key that opens nothing
    is all that may be told about the latter."""
    results: list[PayoutCallback | CallbackError] = []
    for parser, sent in ((plain, text), (sealed, CIPHER.encrypt(text))):
        try:
            results.append(parser.parse(sent))
        except CallbackError as error:
            results.append(error)
    one, other = results
    if isinstance(one, MalformedBodyError) and one.code is not ErrorCode.MEMBER_TWICE:
        assert getattr(other, "code", None) is ErrorCode.UNDECRYPTABLE
    else:
        assert (type(one), repr(one)) == (type(other), repr(other))
    return one


def code_of(text: bytes) -> ErrorCode:
    refusal = outcome(text)
    assert isinstance(refusal, CallbackError)
    return refusal.code


def short(text: object) -> str:
    # Without backslashes, which pytest doubles when a process collects the tests once more, as mutmut's does.
    return repr(text)[:40].replace("\\", "/") if isinstance(text, bytes) else ""


@pytest.mark.parametrize(("text", "value"), VALID + CHOSEN, ids=short)
def test_what_json_allows_is_taken(text: bytes, value: object) -> None:
    callback = outcome(inside(text))
    assert isinstance(callback, PayoutCallback)
    assert (type(callback.extra["unknown"]), repr(callback.extra)) == (type(value), repr({"unknown": value}))


@pytest.mark.parametrize(("text", "value"), VALID + CHOSEN, ids=short)
def test_json_of_its_own_is_no_callback(text: bytes, value: object) -> None:
    code = ErrorCode.UNAUTHENTICATED if isinstance(value, dict) else ErrorCode.NOT_AN_OBJECT
    assert code_of(text) is code
    assert code_of(b" \t\r\n" + text + b" \t\r\n") is code
    assert code_of(b"\xef\xbb\xbf" + text) is code


@pytest.mark.parametrize("text", INVALID, ids=short)
def test_what_json_forbids_is_refused(text: bytes) -> None:
    assert code_of(inside(text)) is ErrorCode.NOT_JSON


@pytest.mark.parametrize("text", INVALID, ids=short)
def test_what_json_forbids_is_refused_on_its_own_too(text: bytes) -> None:
    tolerated = {b'{"a":1,}': ErrorCode.UNAUTHENTICATED, b"\xef\xbb\xbf1": ErrorCode.NOT_AN_OBJECT}
    # One level less than inside a callback.
    tolerated[b"[" * 64 + b"]" * 64] = ErrorCode.NOT_AN_OBJECT
    assert code_of(text) is tolerated.get(text, ErrorCode.NOT_JSON)


@pytest.mark.parametrize("text", TWICE, ids=short)
def test_a_member_twice_is_refused_at_any_depth(text: bytes) -> None:
    assert code_of(text) is ErrorCode.MEMBER_TWICE
    assert code_of(inside(text)) is ErrorCode.MEMBER_TWICE


@pytest.mark.parametrize("text", NOT_UTF8, ids=short)
def test_what_is_not_utf8_is_refused(text: bytes) -> None:
    assert code_of(text) is ErrorCode.NOT_UTF8
    assert code_of(inside(text)) is ErrorCode.NOT_UTF8


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp037"])
def test_a_body_in_another_encoding_is_refused(encoding: str) -> None:
    assert code_of(GOOD.decode().encode(encoding)) in (ErrorCode.NOT_UTF8, ErrorCode.NOT_JSON)
