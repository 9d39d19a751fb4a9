"""The body: one JSON object, with one comma forgiven and nothing else (settled points 1, 8 and 9)."""

from __future__ import annotations

import json
import sys
from collections import UserDict
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pytest

from skypay_payout import CallbackError, CallbackParser, ErrorCode, MalformedBodyError, PayType
from skypay_payout.testing import CREDENTIALS, SAMPLE, body, payload

parser = CallbackParser(CREDENTIALS)
GOOD = body()


def code_of(data: bytes | str | Mapping[str, object]) -> ErrorCode:
    with pytest.raises(MalformedBodyError) as refused:
        parser.parse(data)
    assert type(refused.value) is MalformedBodyError
    assert refused.value.__context__ is None
    assert refused.value.__cause__ is None
    return refused.value.code


def test_the_published_sample_parses_byte_for_byte() -> None:
    assert SAMPLE.endswith(b'"referenceNumber": "MLA001041380755361119",\n}')
    callback = parser.parse(SAMPLE)
    assert callback.control_number == "SK99123456789"
    assert callback.pay_type is PayType.UPLOAD
    assert callback.reference_number == "MLA001041380755361119"


def test_bytes_and_str_and_mapping_give_the_same_callback() -> None:
    callback = parser.parse(GOOD)
    for same in (
        GOOD.decode(),
        json.loads(GOOD),
        MappingProxyType(json.loads(GOOD)),
        UserDict[str, object](json.loads(GOOD)),
    ):
        assert parser.parse(same) == callback


def test_a_mapping_is_not_changed_and_not_shared() -> None:
    nested: list[object] = [1]
    members = payload(unknown=nested)
    before = json.dumps(members)
    callback = parser.parse(members)
    nested.append(2)
    assert callback.extra == {"unknown": [1]}
    nested.pop()
    assert json.dumps(members) == before


@pytest.mark.parametrize(
    "text",
    [
        GOOD[:-1] + b",}",
        GOOD[:-1] + b" , \n\t\r } \r\n",
        b"\xef\xbb\xbf" + GOOD,
        b"\xef\xbb\xbf \n" + GOOD[:-1] + b",}",
        b" \t\r\n" + GOOD + b" \t\r\n",
    ],
    ids=["the sample's comma", "the comma among white space", "a BOM", "a BOM and the comma", "white space"],
)
def test_what_is_tolerated_changes_nothing(text: bytes) -> None:
    assert parser.parse(text) == parser.parse(text.decode()) == parser.parse(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\ufeff",
        "{",
        "}",
        "{,}",
        "{ , }",
        ",{}",
        "{}{}",
        '{"a":1,,}',
        '{"a":1,}}',
        '{"a":1},',
        '{"a":{"b":1,}}',
        '{"a":[1,]}',
        '[{"a":1},]',
        '{"a":1;}',
        "{'a':1}",
        "{a:1}",
        '{"a":01}',
        '{"a":+1}',
        '{"a":1.}',
        '{"a":.5}',
        '{"a":0x1}',
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":-Infinity}',
        '{"a":1e999}',
        '{"a":-1e999}',
        '{"a":True}',
        '{"a":"\t"}',
        '{"a":"\\x41"}',
        '{"a":"\\u00zz"}',
        '{"a":"b}',
        '{"a":"b",}x',
        '{"a" "b"}',
        '{"a":1} // comment',
        '{"a":1 /* comment */}',
        "\ufeff\ufeff{}",
        " \ufeff\ufeff{}",
        "\u00a0{}",
        "{}\u2028",
        "{}\0",
        "payType=1&dealTime=2018",
        "<xml/>",
    ],
)
def test_what_is_not_json_is_refused(text: str) -> None:
    assert code_of(text) is ErrorCode.NOT_JSON
    assert code_of(text.encode()) is ErrorCode.NOT_JSON


@pytest.mark.parametrize("text", ["[]", '["a"]', "1", '"{}"', "true", "null", "\ufeff[1]"])
def test_json_that_is_not_an_object_is_refused(text: str) -> None:
    assert code_of(text) is ErrorCode.NOT_AN_OBJECT


def test_a_number_of_more_digits_than_the_interpreter_converts_is_refused() -> None:
    digits = "9" * (sys.get_int_max_str_digits() + 1)
    assert code_of(f'{{"a":{digits}}}') is ErrorCode.NOT_JSON


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1,"a":2,}',
        '{"a":1,"\\u0061":2}',
        '{"b":{"a":1,"a":2}}',
        '{"b":[{"a":1,"a":2}]}',
        GOOD.decode()[:-1] + ',"payType":"3"}',
        GOOD.decode()[:-1] + ',"authentication":"x"}',
    ],
)
def test_a_member_twice_is_refused(text: str) -> None:
    assert code_of(text) is ErrorCode.MEMBER_TWICE


def test_the_same_name_in_two_objects_is_no_member_twice() -> None:
    assert parser.parse(body(a={"x": 1}, b=[{"x": 2}, {"x": 3}])).extra == {
        "a": {"x": 1},
        "b": [{"x": 2}, {"x": 3}],
    }


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe{\x00}\x00",
        GOOD.decode().encode("utf-16"),
        GOOD.decode().encode("utf-16-le"),
        body(failDescription="余额不足").decode().encode("gb18030"),
        b'{"a":"\xc0\x80"}',
        b'{"a":"\xed\xa0\x80"}',
    ],
    ids=[
        "UTF-16",
        "UTF-16 with a BOM",
        "UTF-16 without",
        "GB 18030",
        "an overlong NUL",
        "half a surrogate pair",
    ],
)
def test_what_is_not_utf8_is_refused(data: bytes) -> None:
    assert code_of(data) in (ErrorCode.NOT_UTF8, ErrorCode.NOT_JSON)
    if b"\x00" not in data or data[:1] == b"\xff":
        assert code_of(data) is ErrorCode.NOT_UTF8


def test_a_str_that_no_utf8_could_carry_is_refused() -> None:
    assert code_of('{"a":"\ud800"}') is ErrorCode.NOT_UTF8
    assert code_of({"a": "\ud800"}) is ErrorCode.NOT_UTF8


class Text(str):
    def encode(self, *_: object) -> bytes:
        raise RuntimeError


class Bytes(bytes):
    def decode(self, *_: object) -> str:
        raise RuntimeError


def test_bytes_and_str_with_code_of_their_own_are_read_as_what_they_hold() -> None:
    assert parser.parse(Text(body().decode())) == parser.parse(Bytes(body())) == parser.parse(body())
    assert code_of(Text("{")) is code_of(Bytes(b"{")) is ErrorCode.NOT_JSON
    assert code_of(Bytes(b"\xff")) is ErrorCode.NOT_UTF8


def test_the_limit_counts_bytes() -> None:
    members = payload(failDescription="余额不足")
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode())
    assert len(text) < size
    for data in (text, text.encode(), members):
        CallbackParser(CREDENTIALS, max_body_size=size).parse(data)
        with pytest.raises(MalformedBodyError) as refused:
            CallbackParser(CREDENTIALS, max_body_size=size - 1).parse(data)
        assert refused.value.code is ErrorCode.TOO_LARGE
        assert str(refused.value) == f"the body has {size} bytes; expected at most {size - 1} (max_body_size)"


def test_the_limit_is_64_kib_unless_told_otherwise() -> None:
    room = 65536 - len(body(failDescription=""))
    parser.parse(body(failDescription="x" * room))
    assert code_of(body(failDescription="x" * (room + 1))) is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_taken_to_a_depth_of_64(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        inside = "1" if opening != "[" else ""
        return f'{body().decode()[:-1]},"x":{opening * (depth - 1)}{inside}{closing * (depth - 1)}}}'

    parser.parse(nested(64))
    for depth in (65, 66, 5000):
        assert code_of(nested(depth)) is ErrorCode.NOT_JSON
    assert code_of("[" * 60000) is ErrorCode.NOT_JSON


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert parser.parse(body(x=[[]] * 1000)).extra == {"x": [[]] * 1000}


class Hostile(UserDict[str, object]):
    def __iter__(self) -> Iterator[str]:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "mapping",
    [
        {1: 2},
        {None: 1},
        {b"userName": "x"},
        {"a": {1, 2}},
        {"a": b"bytes"},
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": object()},
        {"a": {("x",): 1}},
        Hostile(a=1),
        {"a": 10 ** (sys.get_int_max_str_digits() + 1)},
    ],
    ids=lambda mapping: type(mapping).__name__,
)
def test_a_mapping_that_no_json_text_gives_is_refused(mapping: Mapping[str, object]) -> None:
    assert code_of(mapping) is ErrorCode.NOT_JSON


def test_a_mapping_that_holds_itself_is_refused() -> None:
    endless: dict[str, object] = {}
    endless["a"] = endless
    assert code_of(endless) is ErrorCode.NOT_JSON


@pytest.mark.parametrize("value", [None, 1, 1.5, [], bytearray(GOOD), memoryview(GOOD), iter(())])
def test_a_body_of_another_type_is_wrong_use(value: object) -> None:
    with pytest.raises(TypeError, match=f"a body is bytes, str or a mapping, not {type(value).__name__}"):
        parser.parse(value)  # type: ignore[arg-type]


def test_the_message_tells_where_but_quotes_nothing() -> None:
    secret = CREDENTIALS.authentication[0]
    for data in (
        body()[:-10],
        body().replace(b":", b"=", 3),
        body() + body(),
        b"\xff" + body(),
        body().decode().replace("payType", secret).replace("dealTime", secret),
    ):
        with pytest.raises(CallbackError) as refused:
            parser.parse(data)
        assert secret not in repr(refused.value) + str(refused.value)
    with pytest.raises(
        MalformedBodyError, match=r"^not JSON: .* at line 2, column 2; expected the body as SkyPay"
    ):
        parser.parse('{\n x"a":1}')
    with pytest.raises(MalformedBodyError, match=r"^not UTF-8 at byte 2; expected UTF-8 text$"):
        parser.parse(b'{"\xff')
    with pytest.raises(MalformedBodyError, match=r"^half of a surrogate pair at character 2; expected text$"):
        parser.parse('{"\ud800')
