"""The one JSON reader: what the grammar allows is read, what it forbids is rejected, its limits are exact.

Points 1, 8 and 9; RFC 8259. Every text stands as a field's value in a good callback, and as the whole body.
"""

from __future__ import annotations

import sys
from array import array
from typing import Any

import pytest
from attrs import evolve

from skypay_payout import AuthenticationError, CallbackError, ErrorCode, MalformedBodyError, PayoutCallback
from skypay_payout._json import MAX_DEPTH, collect, json_copy
from skypay_payout.testing import AUTHENTICATION, body, payload
from tests.support.callbacks import (
    NEW,
    PARSER,
    ROTATING,
    Body,
    comparable,
    everywhere,
    malformed,
    outcome,
    short,
)

GOOD = body()

VALID: list[tuple[bytes, object]] = [
    *[(b"null", None), (b"true", True), (b"false", False)],
    *[(b"0", 0), (b"-0", 0), (b"-0.0", -0.0), (b"7", 7), (b"-12", -12), (b"10", 10), (b"0.5", 0.5)],
    *[(b"1e0", 1.0), (b"1E5", 1e5), (b"1e+5", 1e5), (b"1.25e-2", 0.0125), (b"0e9", 0.0)],
    *[(b'""', ""), (b'" "', " "), (b'"a b"', "a b"), (b'"\\""', '"'), (b'"\\\\"', "\\"), (b'"\\/"', "/")],
    *[(b'"/"', "/"), (b'"\\b\\f\\n\\r\\t"', "\b\f\n\r\t"), (b'"\\u0041"', "A"), (b'"\\u00e9\\u00E9"', "éé")],
    *[(b'"\\u4f59\\u989d"', "余额"), (b'"\\ud83d\\ude00"', "😀"), (b'"\\uD83D\\uDE00x"', "😀x")],
    *[(b'"\\u0000"', "\0"), (b'"\\u001f"', "\x1f"), (b'"\\u2028\\u2029"', "\u2028\u2029")],
    *((f'"{text}"'.encode(), text) for text in ("余额", "😀\u2028", "\ufeff\x7f\x80", "\uffff\U0010ffff")),
    *[(b'"// no comment"', "// no comment"), (b'",}"', ",}"), (b'"{\\"a\\":1,}"', '{"a":1,}')],
    *[(b"[]", []), (b"[ ]", []), (b"[[]]", [[]]), (b"[1,2]", [1, 2]), (b"\t[\r\n1 ,\n2\t]\r", [1, 2])],
    *[(b'[null,true,"",{}]', [None, True, "", {}]), (b"{}", {}), (b"{ }", {}), (b'{"":0}', {"": 0})],
    *[(b'{"a":{"a":{"a":1}}}', {"a": {"a": {"a": 1}}}), (b'{"\\u0000":1}', {"\0": 1})],
    (b'{"a":1,"A":2,"\xc3\xa4":3}', {"a": 1, "A": 2, "ä": 3}),
    (b'{"e\xcc\x81":1,"\xc3\xa9":2}', {"e\u0301": 1, "é": 2}),
    (b'{"__class__":1,"__proto__":2}', {"__class__": 1, "__proto__": 2}),
    # Read to the nearest float, as every reader with binary floats does; whole numbers are exact.
    *[(b"0.1", 0.1), (b"1e-400", 0.0), (b"-1e-400", -0.0), (b"9007199254740993.0", 9007199254740992.0)],
    *[(b"1.7976931348623157e308", sys.float_info.max), (b"0." + b"1" * 500, 0.1111111111111111)],
    *[(b"1" * 4300, int("1" * 4300)), (b"-" + b"1" * 500, -int("1" * 500))],
    # A lone surrogate can be escaped. It is kept where nobody reads it.
    *[(b'"\\ud800"', "\ud800"), (b'"\\udc00\\ud800"', "\udc00\ud800"), (b'{"\\udfff":1}', {"\udfff": 1})],
    (b'"\\ud800\\ud800\\udc00"', "\ud800\U00010000"),
]

INVALID = [
    *[b"nul", b"nulll", b"Null", b"NULL", b"None", b"True", b"tru", b"undefined", b"nan", b"a"],
    *[b"\xef\xbc\x91"],
    *[b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"+Infinity", b"inf", b"-", b"+1", b"--1", b"- 1", b"01"],
    *[b"00"],
    *[b"-01", b"1.", b".1", b"-.1", b"1.e1", b"1e", b"1e+", b"1e1.5", b"1ee1", b"1.2.3", b"1,5", b"1_000"],
    *[b"0x1F", b"0b1", b"1L", b"1f", b"1 2", b"\xd9\xa1"],
    *[b"1e309", b"-1e309", b"1e99999999999", b"1" + b"0" * 400 + b".0", b"7" * 4301, b"[[1e999]]"],
    *[b'{"a":1e999}'],
    *[b'"', b'"a', b'a"', b"'a'", b"`a`", b'"a" "b"', b'"a"b"', b'"\n"', b'"\t"', b'"\x00"', b'"\x1f"'],
    *[b'"\\"'],
    *[b'"\\a"', b'"\\x41"', b'"\\0"', b'"\\\'"', b'"\\U0041"', b'"\\u"', b'"\\u004"', b'"\\u00g1"'],
    *[b'"\\u 041"'],
    *[b'"\\u+041"', b'"\\u{41}"', b'"\\\n"'],
    *[b"[", b"]", b"[1", b"1]", b"[,]", b"[1,]", b"[,1]", b"[1,,2]", b"[1 2]", b"[1;2]", b"[1,2", b"[1}"],
    *[b"(1,2)"],
    *[b"[1]]", b"[*]", b"{", b"}", b"{,}", b'{"a":1,,}', b'{,"a":1}', b'{"a"}', b'{"a":}', b'{"a",1}'],
    *[b'{"a":1:2}', b'{"a"::1}', b'{"a" 1}', b'{"a"=1}', b'{"a"=>1}', b'{"a":1;"b":2}', b'{"a":1 "b":2}'],
    *[b"{a:1}"],
    *[b"{'a':1}", b"{1:1}", b"{null:1}", b"{[]:1}", b'{"a":1]', b'{"a":1}}', b'{"a":1', b'{"a":"b}'],
    *[b"{\xe2\x80\x9ca\xe2\x80\x9d:1}", b"1//x", b"1/**/", b"/*x*/1", b"#\n1", b"1;", b"1\x0c", b"\x0b1"],
    *[b"\x001"],
    *[b"\xc2\xa01", b"\xe3\x80\x801", b"\xe2\x81\xa01", b"1\x00", b"1,", b",1", b"1,2", b"<a/>", b"a=1"],
]

DUPLICATES = [
    *[b'{"a":1,"a":1}', b'{"a":1,"b":2,"a":3}', b'{"a":1,"\\u0061":2}', b'{"":1,"":2}'],
    *[b'[[{"a":null,"a":null}]]', b'{"\xc3\xa9":1,"\\u00e9":2}', b'{"a":{"b":1,"b":2},"c":3}'],
]

NOT_UTF8 = [
    *[b'"\xff"', b'"\x80"', b'"\xc3"', b'"\xc0\x80"', b'"\xc1\x81"', b'"\xe0\x80\xaf"', b'"\xed\xa0\x80"'],
    *[b'"\xed\xa0\xbd\xed\xb8\x80"', b'"\xf4\x90\x80\x80"', b'"\xf8\x88\x80\x80\x80"', b'"\xe4\xbd"'],
    *["余额不足".encode("gb18030"), "é".encode("latin-1"), b"\xff\xfe", b"\xfe\xff"],
]


def inside(text: bytes) -> bytes:
    return b'{"unknown":' + text + b"," + GOOD[1:]


def code_of(text: bytes) -> ErrorCode:
    error = everywhere(text)
    assert isinstance(error, CallbackError)
    return error.code


@pytest.mark.parametrize(("text", "value"), VALID, ids=short)
def test_what_json_allows_is_kept_as_a_value(text: bytes, value: object) -> None:
    callback = everywhere(inside(text))
    assert isinstance(callback, PayoutCallback)
    assert (type(callback.extra["unknown"]), repr(callback.extra)) == (type(value), repr({"unknown": value}))
    code = ErrorCode.AUTHENTICATION_FAILED if isinstance(value, dict) else ErrorCode.NOT_AN_OBJECT
    for sent in (text, b" \t\r\n" + text + b" \t\r\n", b"\xef\xbb\xbf" + text):
        assert code_of(sent) is code


@pytest.mark.parametrize("text", INVALID, ids=short)
def test_what_json_forbids_is_rejected(text: bytes) -> None:
    assert code_of(inside(text)) is ErrorCode.NOT_JSON
    assert code_of(text) is ErrorCode.NOT_JSON
    assert code_of(GOOD.replace(b'"1"', text)) is ErrorCode.NOT_JSON


@pytest.mark.parametrize("text", [b"", b'{"a":1,}', b"\xef\xbb\xbf1"], ids=short)
def test_what_is_tolerated_around_a_body_is_not_tolerated_within(text: bytes) -> None:
    assert code_of(inside(text)) is ErrorCode.NOT_JSON


@pytest.mark.parametrize(
    ("texts", "code"), [(DUPLICATES, ErrorCode.DUPLICATE_FIELD), (NOT_UTF8, ErrorCode.NOT_UTF8)], ids=short
)
def test_a_duplicate_field_and_what_is_not_utf8_are_rejected_at_any_depth(
    texts: list[bytes], code: ErrorCode
) -> None:
    for text in texts:
        assert code_of(text) is code_of(inside(text)) is code


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp037"])
def test_a_body_in_another_encoding_is_rejected(encoding: str) -> None:
    assert code_of(GOOD.decode().encode(encoding)) in (ErrorCode.NOT_UTF8, ErrorCode.NOT_JSON)


@pytest.mark.parametrize("sent", ["", " \t\r\n", "\ufeff", "\ufeff \n"], ids=short)
def test_a_body_of_nothing_but_white_space_is_empty_with_and_without_a_cipher(sent: str) -> None:
    for parser in (PARSER, ROTATING):
        assert malformed(sent, parser) is malformed(sent.encode(), parser) is ErrorCode.EMPTY_BODY
    assert malformed(NEW.encrypt(sent.encode()), ROTATING) is ErrorCode.EMPTY_BODY


# What may be passed.


class Text(str):
    def encode(self, *_: object) -> bytes:
        raise RuntimeError


class Bytes(bytes):
    def decode(self, *_: object) -> str:
        raise RuntimeError


FORMS: dict[str, object] = {
    "bytes": GOOD,
    "str": GOOD.decode(),
    "bytearray": bytearray(GOOD),
    "memoryview that is not contiguous": memoryview(bytes(byte for one in GOOD for byte in (one, 0)))[::2],
    "memoryview backwards": memoryview(GOOD[::-1])[::-1],
    "memoryview of two dimensions": memoryview(GOOD.ljust(400)).cast("B", [20, 20]),
    "array of bytes": array("B", GOOD),
    "array of integers": array("I", GOOD.ljust(400)),
    "subclass of str": Text(GOOD.decode()),
    "subclass of bytes": Bytes(GOOD),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_bytes_like_object_and_str_is_read_as_what_it_holds(form: Any) -> None:
    assert comparable(outcome(PARSER, form)) == comparable(outcome(PARSER, GOOD))
    assert malformed(form, evolve(PARSER, max_body_size=len(GOOD) - 1)) is ErrorCode.TOO_LARGE


def test_a_bytearray_is_not_changed_and_not_held() -> None:
    received = bytearray(GOOD)
    result = PARSER.receive(received)
    assert received == GOOD
    received.clear()
    assert result.respond().status == 200


@pytest.mark.parametrize(
    "value", [None, 1, 1.5, [], payload(), iter(()), NEW], ids=lambda it: type(it).__name__
)
def test_any_other_type_is_a_type_error_that_says_to_pass_what_was_received(value: Any) -> None:
    expected = f"^expected the raw body as bytes or str, got {type(value).__name__}: pass what was received, "
    for method in (PARSER.parse, PARSER.receive, ROTATING.parse, ROTATING.receive):
        with pytest.raises(TypeError, match=f"{expected}since decoding hides duplicate fields$") as caught:
            method(value)
        assert AUTHENTICATION not in str(caught.value)
        assert caught.value.__cause__ is None


# Limits: size and depth, and no other.


def sized(size: int) -> bytes:
    """Make a valid callback of so many bytes."""
    return body(x="x" * (size - len(body(x=""))))


def test_the_limit_counts_bytes_before_anything_else() -> None:
    text = body(failDescription="余额不足").decode()
    size = len(text.encode())
    for sent in (text, text.encode(), bytearray(text.encode())):
        evolve(PARSER, max_body_size=size).parse(sent)
        with pytest.raises(MalformedBodyError) as caught:
            evolve(PARSER, max_body_size=size - 1).parse(sent)
        assert caught.value.code is ErrorCode.TOO_LARGE
        assert str(caught.value) == f"expected at most {size - 1} bytes (max_body_size), got more"
    assert malformed("\ud800" * 11, evolve(PARSER, max_body_size=10)) is ErrorCode.TOO_LARGE


def test_the_limit_is_64_kib_unless_another_is_set() -> None:
    assert isinstance(outcome(PARSER, sized(65536)), PayoutCallback)
    assert malformed(sized(65537)) is malformed("余" * 10**6) is ErrorCode.TOO_LARGE
    assert isinstance(outcome(evolve(PARSER, max_body_size=70000), sized(65537)), PayoutCallback)
    assert malformed(b"{", evolve(PARSER, max_body_size=1)) is ErrorCode.NOT_JSON
    assert malformed(b"{}", evolve(PARSER, max_body_size=1)) is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(
    ("opening", "inner", "closing"), [("[", "", "]"), ('{"a":', "1", "}"), ('[{"a":', "1", "}]")]
)
def test_nesting_is_accepted_to_a_depth_of_64_of_an_authenticated_sender(
    opening: str, inner: str, closing: str
) -> None:
    def with_depth(depth: int, name: str) -> bytes:
        count = (depth - 1) // (len(closing))
        return inside((opening * count + inner + closing * count).encode()).replace(b"unknown", name.encode())

    assert MAX_DEPTH == 64
    deepest = 64 if len(closing) == 1 else 63
    assert isinstance(everywhere(with_depth(deepest, "x")), PayoutCallback)
    assert isinstance(everywhere(with_depth(deepest, "failDescription")), CallbackError)
    for name in ("x", "failDescription", "payType2"):
        for depth in (66, 67, 800):
            sent = with_depth(depth, name)
            assert code_of(sent) is ErrorCode.TOO_DEEP
            unauthenticated = sent.replace(AUTHENTICATION.encode(), b"x")
            assert isinstance(everywhere(unauthenticated), AuthenticationError)
    if len(closing) == 1:
        assert code_of(with_depth(65, "x")) is ErrorCode.TOO_DEEP


@pytest.mark.parametrize("text", [b"[", b'{"a":', b"[{"])
def test_nesting_beyond_all_bounds_is_rejected(text: bytes) -> None:
    for count in (30, 1000, 20_000):
        assert code_of((text * count)[:65_000]) in (ErrorCode.NOT_JSON, ErrorCode.TOO_DEEP)


def test_nesting_that_the_interpreter_does_not_read_is_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(text: str) -> object:
        raise RecursionError(text)

    monkeypatch.setattr("skypay_payout._json._decode", decode)
    deep = body(x=["{"] * 32 + ["[" * 31])
    with pytest.raises(
        MalformedBodyError, match="^expected at most 64 levels of objects and arrays, got more$"
    ):
        PARSER.parse(deep)
    assert malformed(deep) is ErrorCode.TOO_DEEP
    with pytest.raises(RecursionError):  # the caller's own: there is nothing deep in this body
        PARSER.parse(body(x=["{"] * 32 + ["[" * 30]))


def test_what_is_searched_for_secrets_are_all_names_texts_and_numbers() -> None:
    texts: list[str] = []
    collect({"a": ["b", 1, 2.5, [], {"c": {"d": "e"}}], "f": None}, texts)
    assert {"a", "b", "1", "2.5", "c", "d", "e", "f"} <= {*texts}


def test_the_depth_counts_objects_and_arrays_the_outermost_included() -> None:
    value: object = []
    for level in range(MAX_DEPTH - 1):
        value = [value] if level % 2 else {"a": value}
    collect(value, [])
    assert json_copy(value) == value
    with pytest.raises(MalformedBodyError, match="got more$"):
        collect([value], [])
    with pytest.raises(
        ValueError, match="^fields: expected at most 64 levels of objects and arrays, got more$"
    ):
        json_copy([value])


# Messages say where, and quote nothing.

NOT_JSON = "expected JSON as SkyPay sends it, got "


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"", "expected a callback, got an empty body"),
        (
            b'{\n x"a":1}',
            f"{NOT_JSON}a syntax error at line 2, column 2 (Expecting property name "
            "enclosed in double quotes)",
        ),
        (b'\n\n  {"a"=1,}', f"{NOT_JSON}a syntax error at line 1, column 5 (Expecting ':' delimiter)"),
        (b'{"a":1} {}', f"{NOT_JSON}more text after the end at character 7"),
        (b'{"a":NaN}', f"{NOT_JSON}NaN, Infinity or a number that is too large"),
        (b'{"a":' + b"1" * 4301 + b"}", f"{NOT_JSON}NaN, Infinity or a number that is too large"),
        (b'{"\xff', "expected UTF-8, got another byte at position 2"),
        ('{"\ud800', "expected UTF-8, got another byte at position 2"),
        (b"[]", "expected one JSON object, got another JSON value"),
        (b'{"a":1,"a":1}', "expected each field once, got one of them twice"),
    ],
    ids=short,
)
def test_a_malformed_body_is_described_without_a_quotation(sent: Body, message: str) -> None:
    with pytest.raises(MalformedBodyError) as caught:
        PARSER.parse(sent)
    assert str(caught.value) == message
    assert caught.value.__context__ is None


def test_no_message_quotes_a_body_that_holds_the_secret() -> None:
    for sent in (
        GOOD[:-10],
        GOOD.replace(b":", b"=", 3),
        GOOD + GOOD,
        b"\xff" + GOOD,
        GOOD.decode().replace("payType", AUTHENTICATION).replace("dealTime", AUTHENTICATION),
        GOOD.decode() + "\ud800",
    ):
        error = outcome(PARSER, sent)
        assert isinstance(error, MalformedBodyError)
        assert AUTHENTICATION not in f"{error!r} {error} {error.args} {vars(error)}"


def test_a_number_is_limited_by_what_the_interpreter_converts() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert malformed(inside(b"1" * 641)) is ErrorCode.NOT_JSON
        assert isinstance(outcome(PARSER, inside(b"1" * 640)), PayoutCallback)
    finally:
        sys.set_int_max_str_digits(before)
