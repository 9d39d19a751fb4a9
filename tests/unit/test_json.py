"""The one JSON reader: what the grammar allows is read, what it forbids is rejected, its limits are exact.

Points 1, 8 and 9; RFC 8259. Every text stands as a field's value in a good callback, and as the whole body.
"""

from __future__ import annotations

import sys
from array import array

import pytest
from attrs import evolve

from skypay_payout import (
    AuthenticationError,
    CallbackParser,
    DecryptionError,
    ErrorCode,
    MalformedBodyError,
    PayoutCallback,
)
from skypay_payout._errors import CallbackError
from skypay_payout._json import MAX_DEPTH, max_items, read_object
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, ENCRYPTION_KEY, SAMPLE, body, payload
from tests.support.callbacks import PARSER, Body, Outcome, comparable, malformed, outcome, short, with_fields

GOOD = body()
CIPHER = BodyCipher(ENCRYPTION_KEY)
ENCRYPTED = CallbackParser(CREDENTIALS, cipher=CIPHER, max_body_size=2 * 65536)


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
    (b"0." + b"1" * 500, 0.1111111111111111),
    # Whole numbers are exact.
    (b"1" * 500, int("1" * 500)),
    (b"-" + b"1" * 500, -int("1" * 500)),
    # Half of a surrogate pair can be escaped. It is kept where nobody reads it.
    (b'"\\ud800"', "\ud800"),
    (b'"\\udc00\\ud800"', "\udc00\ud800"),
    (b'"\\ud800\\ud800\\udc00"', "\ud800\U00010000"),
    (b'{"\\udfff":1}', {"\udfff": 1}),
]

NOT_FINITE = [b"1e309", b"-1e309", b"1e99999999999", b"1" + b"0" * 400 + b".0"]
"""Found when the sender is authenticated, since no number with a fraction is converted before."""

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

DUPLICATES = [
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


def inside(text: bytes) -> bytes:
    return b'{"unknown":' + text + b"," + GOOD[1:]


def everywhere(text: bytes) -> Outcome:
    """Return the outcome of a plain body, after a check that every other form of it has the same one.

    An encrypted body that is not an object is one that no key decrypts: nothing else may be told about it.
    """
    plain = outcome(PARSER, text)
    encrypted = outcome(ENCRYPTED, CIPHER.encrypt(text))
    if not (isinstance(plain, MalformedBodyError) and isinstance(encrypted, DecryptionError)):
        assert comparable(encrypted) == comparable(plain)
    forms: list[Body] = [bytearray(text), memoryview(text)]
    try:
        forms.append(text.decode())
    except UnicodeDecodeError:
        assert isinstance(plain, CallbackError)
        assert plain.code is ErrorCode.NOT_UTF8
    for form in forms:
        assert comparable(outcome(PARSER, form)) == comparable(plain)
    return plain


def code_of(text: bytes) -> ErrorCode:
    error = everywhere(text)
    assert isinstance(error, CallbackError)
    return error.code


@pytest.mark.parametrize(("text", "value"), VALID + CHOSEN, ids=short)
def test_what_json_allows_is_kept_as_a_value(text: bytes, value: object) -> None:
    callback = everywhere(inside(text))
    assert isinstance(callback, PayoutCallback)
    assert (type(callback.extra["unknown"]), repr(callback.extra)) == (type(value), repr({"unknown": value}))


@pytest.mark.parametrize(("text", "value"), VALID + CHOSEN, ids=short)
def test_json_of_its_own_is_no_callback(text: bytes, value: object) -> None:
    code = ErrorCode.AUTHENTICATION_FAILED if isinstance(value, dict) else ErrorCode.NOT_AN_OBJECT
    for sent in (text, b" \t\r\n" + text + b" \t\r\n", b"\xef\xbb\xbf" + text):
        assert code_of(sent) is code
    if isinstance(value, dict):
        assert repr(read_object(text)) == repr(value)


@pytest.mark.parametrize("text", INVALID, ids=short)
def test_what_json_forbids_is_rejected(text: bytes) -> None:
    assert code_of(inside(text)) is ErrorCode.NOT_JSON
    tolerated = {b'{"a":1,}': ErrorCode.AUTHENTICATION_FAILED, b"\xef\xbb\xbf1": ErrorCode.NOT_AN_OBJECT}
    assert code_of(text) is tolerated.get(text, ErrorCode.NOT_JSON)


@pytest.mark.parametrize("text", NOT_FINITE, ids=short)
def test_a_number_that_is_not_finite_is_rejected(text: bytes) -> None:
    for sent in (text, b"[[" + text + b"]]", b'{"a":' + text + b"}"):
        assert code_of(inside(sent)) is ErrorCode.NOT_JSON
        assert code_of(GOOD.replace(b'"1"', sent)) is ErrorCode.NOT_JSON
    with pytest.raises(MalformedBodyError, match="got NaN, Infinity or a number that is too large$"):
        read_object(b'{"a":' + text + b"}")
    assert code_of(b'{"a":' + text + b"}") is ErrorCode.AUTHENTICATION_FAILED


@pytest.mark.parametrize("text", DUPLICATES, ids=short)
def test_a_duplicate_field_is_rejected_at_any_depth(text: bytes) -> None:
    assert code_of(text) is code_of(inside(text)) is ErrorCode.DUPLICATE_FIELD


@pytest.mark.parametrize("text", NOT_UTF8, ids=short)
def test_what_is_not_utf8_is_rejected(text: bytes) -> None:
    assert code_of(text) is code_of(inside(text)) is ErrorCode.NOT_UTF8


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp037"])
def test_a_body_in_another_encoding_is_rejected(encoding: str) -> None:
    code = code_of(GOOD.decode().encode(encoding))
    assert code in (ErrorCode.NOT_UTF8, ErrorCode.NOT_JSON)
    assert encoding != "utf-16" or code is ErrorCode.NOT_UTF8


# What may be passed.


class Text(str):
    def encode(self, *_: object) -> bytes:
        raise RuntimeError


class Bytes(bytes):
    def decode(self, *_: object) -> str:
        raise RuntimeError


SPACED = bytes(byte for one in GOOD for byte in (one, 0))

FORMS: dict[str, object] = {
    "bytes": GOOD,
    "str": GOOD.decode(),
    "bytearray": bytearray(GOOD),
    "memoryview": memoryview(GOOD),
    "memoryview that is not contiguous": memoryview(SPACED)[::2],
    "memoryview backwards": memoryview(GOOD[::-1])[::-1],
    "memoryview of two dimensions": memoryview(GOOD.ljust(400)).cast("B", [20, 20]),
    "array of bytes": array("B", GOOD),
    "array of integers": array("I", GOOD.ljust(400)),
    "subclass of str": Text(GOOD.decode()),
    "subclass of bytes": Bytes(GOOD),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_bytes_like_object_and_str_is_read_as_what_it_holds(form: Body) -> None:
    assert comparable(outcome(PARSER, form)) == comparable(outcome(PARSER, GOOD))
    assert malformed(form, evolve(PARSER, max_body_size=len(GOOD) - 1)) is ErrorCode.TOO_LARGE


def test_bytes_within_the_limit_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skypay_payout._parser.to_bytes", None)
    assert isinstance(outcome(evolve(PARSER, max_body_size=len(GOOD)), GOOD), PayoutCallback)


def test_a_bytearray_is_not_changed_and_not_held() -> None:
    received = bytearray(GOOD)
    result = PARSER.receive(received)
    assert received == GOOD
    received.clear()
    assert result.respond().status == 200


@pytest.mark.parametrize("value", [None, 1, 1.5, [], payload(), iter(()), CIPHER])
def test_any_other_type_is_a_type_error_that_says_to_pass_the_raw_body(value: Body) -> None:
    expected = f"^expected the raw body as bytes or str, got {type(value).__name__}: pass what was received, "
    for parser in (PARSER, ENCRYPTED):
        for method in (parser.parse, parser.receive):
            with pytest.raises(TypeError, match=f"{expected}not what a framework decoded") as caught:
                method(value)
            assert AUTHENTICATION not in str(caught.value)
            assert caught.value.__context__ is None


def test_a_str_that_no_utf8_could_carry_is_rejected() -> None:
    assert malformed('{"a":"\ud800"}') is ErrorCode.NOT_UTF8
    assert isinstance(outcome(ENCRYPTED, "\udfff"), MalformedBodyError)


# Limits.


def sized(size: int, text: str = "") -> bytes:
    """Make a valid callback of so many bytes, with the text in an unknown field."""
    room = size - len(body(x=text))
    assert room >= 0
    return body(x=text + "x" * room)


def test_the_limit_counts_bytes_before_anything_else() -> None:
    text = body(failDescription="余额不足").decode()
    size = len(text.encode())
    assert len(text) < size
    for sent in (text, text.encode(), bytearray(text.encode())):
        PARSER.parse(sent)
        evolve(PARSER, max_body_size=size).parse(sent)
        with pytest.raises(MalformedBodyError) as caught:
            evolve(PARSER, max_body_size=size - 1).parse(sent)
        assert caught.value.code is ErrorCode.TOO_LARGE
        assert str(caught.value) == f"expected at most {size - 1} bytes (max_body_size), got more"
    assert malformed("\ud800" * 11, evolve(PARSER, max_body_size=10)) is ErrorCode.TOO_LARGE


def test_the_limit_is_64_kib_unless_another_is_set() -> None:
    assert isinstance(outcome(PARSER, sized(65536)), PayoutCallback)
    assert malformed(sized(65537)) is ErrorCode.TOO_LARGE
    assert isinstance(outcome(evolve(PARSER, max_body_size=70000), sized(65537)), PayoutCallback)


def test_the_smallest_limit_is_one_byte() -> None:
    smallest = evolve(PARSER, max_body_size=1)
    assert malformed(b"{", smallest) is ErrorCode.NOT_JSON
    assert malformed(b"{}", smallest) is ErrorCode.TOO_LARGE


WEIGHTS = {"[": (1, 1), ",": (1, 1), "{": (1, 2), "\\" * 7: (0, 2)}
"""How many items a text is in a body of up to 512 bytes, and in a larger one: JSON doubles backslashes."""


@pytest.mark.parametrize(
    ("text", "size", "weight"),
    [
        (text, size, weights[size > 512])
        for text, weights in WEIGHTS.items()
        for size in (300, 323, 324, 512, 513, 5000, 65536)
        if weights[size > 512]
    ],
)
def test_a_body_may_have_as_many_items_as_its_size_gives_and_not_one_more(
    text: str, size: int, weight: int
) -> None:
    room = max_items(size) - WEIGHTS["{"][size > 512] - body(x="").count(b",")
    count, rest = divmod(room, weight)
    filled = "," * rest + text * count
    assert isinstance(outcome(PARSER, sized(size, filled)), PayoutCallback)
    sent = sized(size, f"{filled},")
    assert code_of(sent) is ErrorCode.TOO_COMPLEX
    with pytest.raises(MalformedBodyError) as caught:
        PARSER.parse(sent)
    most = max_items(size)
    assert str(caught.value).startswith(f"expected at most {most} ")
    assert str(caught.value).endswith(f" in {size} bytes, got {most + 1}")


def test_the_number_of_items_is_the_documented_one() -> None:
    assert [max_items(size) for size in (0, 39, 40, 79, 80, 65536)] == [20, 20, 21, 21, 22, 1658]


def test_no_genuine_callback_comes_near_the_limit() -> None:
    for sent in (SAMPLE, body(4), body(5), body(1, channel="ML", fee={"php": 100, "usd": 2})):
        items = sum(sent.count(item) for item in (b"{", b"[", b","))
        assert items <= max_items(len(sent)) // 2
    many = {f"extraField{number:04}": f"the value of field {number:04}" for number in range(1400)}
    assert len(with_fields(many)) > 60_000
    assert isinstance(outcome(PARSER, with_fields(many)), PayoutCallback)


@pytest.mark.parametrize("before", range(0, 400, 57))
@pytest.mark.parametrize(
    "form", ['{{"a":"{0}","b":{1}}}', '{{"a":"{0}","b":"{1}"}}', '{{"a":"{0}","b":0.{1}}}']
)
def test_no_body_may_hold_800_digits_in_a_row_and_each_may_hold_399(form: str, before: int) -> None:
    for digits, codes in (
        (399, {ErrorCode.AUTHENTICATION_FAILED}),
        (800, {ErrorCode.TOO_COMPLEX}),
        (807, {ErrorCode.TOO_COMPLEX}),
        (9000, {ErrorCode.TOO_COMPLEX}),
    ):
        sent = form.format("x" * before, "7" * digits).ljust(1025).encode()
        assert code_of(sent) in codes


def test_400_digits_are_found_where_they_fill_a_block() -> None:
    for block in (400, 800):
        sent = ('{"a":"'.ljust(block, "x") + "7" * 400 + '"}').encode()
        assert code_of(sent) is ErrorCode.TOO_COMPLEX
        assert code_of(sent.replace(b"7", b"x", 1)) is ErrorCode.AUTHENTICATION_FAILED


def test_a_body_without_a_comma_before_its_end_is_not_searched_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skypay_payout._json._tolerated", None)
    assert isinstance(outcome(PARSER, GOOD), PayoutCallback)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_accepted_to_a_depth_of_64(opening: str, closing: str) -> None:
    def with_depth(depth: int, name: str = "x") -> bytes:
        inside = "1" if opening != "[" else ""
        value = opening * (depth - 1) + inside + closing * (depth - 1)
        return f'{sized(60_000).decode()[:-1]},"{name}":{value}}}'.encode()

    assert MAX_DEPTH == 64
    callback = everywhere(with_depth(64, "y"))
    assert isinstance(callback, PayoutCallback)
    for depth in (65, 66, 800):
        assert code_of(with_depth(depth, "y")) is ErrorCode.TOO_COMPLEX
        assert code_of(with_depth(depth, "failDescription")) is ErrorCode.TOO_COMPLEX
        unauthenticated = with_depth(depth, "y").replace(AUTHENTICATION.encode(), b"x")
        assert isinstance(everywhere(unauthenticated), AuthenticationError)


@pytest.mark.parametrize("text", [b"[", b'{"a":', b"[{"])
def test_nesting_beyond_all_bounds_is_rejected_before_anyone_is_authenticated(text: bytes) -> None:
    for count in (30, 1000, 20_000):
        assert code_of((text * count)[:65_000]) is ErrorCode.TOO_COMPLEX
    padded = b'{"x":"' + b"x" * 60_000 + b'","y":' + text * 1000
    assert code_of(padded) in (ErrorCode.TOO_COMPLEX, ErrorCode.NOT_JSON)


def test_nesting_that_the_interpreter_does_not_read_is_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(text: str, start: int) -> object:
        raise RecursionError(text, start)

    monkeypatch.setattr("skypay_payout._json._decode", decode)
    with pytest.raises(
        MalformedBodyError, match="^expected at most 64 levels of nesting, got more$"
    ) as caught:
        PARSER.parse(GOOD)
    assert caught.value.code is ErrorCode.TOO_COMPLEX
    assert caught.value.__context__ is None


# Messages say where, and quote nothing.


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"", "expected JSON as SkyPay sends it, got a syntax error at line 1, column 1 (Expecting value)"),
        (
            b'{\n x"a":1}',
            "expected JSON as SkyPay sends it, got a syntax error at line 2, column 2 "
            "(Expecting property name enclosed in double quotes)",
        ),
        (
            b'\n\n  {"a"=1,}',
            "expected JSON as SkyPay sends it, got a syntax error at line 3, column 7 "
            "(Expecting ':' delimiter)",
        ),
        (b'{"a":1} {}', "expected JSON as SkyPay sends it, got more text after the end at character 8"),
        (b'\n\n  {"a":1}{}', "expected JSON as SkyPay sends it, got more text after the end at character 11"),
        (
            b'{"a":NaN}',
            "expected JSON as SkyPay sends it, got NaN, Infinity or a number that is too large",
        ),
        (b'{"\xff', "expected UTF-8, got another byte at position 2"),
        ('{"\ud800', "expected UTF-8, got another byte at position 2"),
        (b"[]", "expected one JSON object in braces, got another JSON value"),
        (b'{"a":1,"a":1}', "expected each field of an object once, got one of them twice"),
        (b'{"a":' + b"1" * 1500 + b"}", "expected fewer than 400 digits in a row, got as many or more"),
    ],
    ids=short,
)
def test_a_malformed_body_is_described_without_a_quotation(sent: Body, message: str) -> None:
    with pytest.raises(MalformedBodyError) as caught:
        PARSER.parse(sent)
    assert str(caught.value) == message


def test_nesting_that_is_too_deep_is_described() -> None:
    with pytest.raises(MalformedBodyError, match="^expected at most 64 levels of nesting, got more$"):
        PARSER.parse(body(x=nested(64), y="x" * 4000))


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


def test_a_number_that_the_interpreter_does_not_convert_is_rejected() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        with pytest.raises(MalformedBodyError, match="got NaN, Infinity or a number that is too large$"):
            PARSER.parse(inside(b"1" * 700))
    finally:
        sys.set_int_max_str_digits(before)
