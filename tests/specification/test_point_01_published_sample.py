"""Point 1: the published sample parses byte for byte; nothing that is not JSON is tolerated but its comma."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from skypay_payout import Accepted, ControlNumber, ErrorCode, PayoutCallback, PayType
from skypay_payout.testing import SAMPLE, body
from tests.support.callbacks import PARSER, UTC8, comparable, malformed, outcome, short

GOOD = body()


def test_the_sample_is_the_published_one() -> None:
    assert Path(__file__).parents[1].joinpath("data", "published-sample.json").read_bytes() == SAMPLE
    assert SAMPLE.endswith(b'"referenceNumber": "MLA001041380755361119",\n}')


def test_the_published_sample_is_accepted() -> None:
    for sent in (SAMPLE, SAMPLE.decode()):
        assert outcome(PARSER, sent) == PayoutCallback(
            user_name="AppName@skypay",
            control_number=ControlNumber("SK99123456789"),
            pay_type=PayType.UPLOAD,
            deal_time=datetime(2018, 8, 7, 11, 58, 33, tzinfo=UTC8),
            fail_description=None,
            reference_number="MLA001041380755361119",
            extra={},
        )
    assert isinstance(PARSER.receive(SAMPLE), Accepted)


@pytest.mark.parametrize(
    "sent",
    [
        *[GOOD[:-1] + b",}", GOOD[:-1] + b" , \n\t\r } \r\n", b"\xef\xbb\xbf \n" + GOOD[:-1] + b",}"],
        b" \t\r\n" + GOOD + b" \t\r\n",
    ],
    ids=["the comma", "the comma among white space", "a BOM and the comma", "white space"],
)
def test_the_comma_before_the_last_brace_changes_nothing(sent: bytes) -> None:
    assert comparable(outcome(PARSER, sent)) == comparable(outcome(PARSER, GOOD))
    assert comparable(outcome(PARSER, sent.decode())) == comparable(outcome(PARSER, GOOD))


@pytest.mark.parametrize(
    "text",
    [
        *["{,}", "{ , }", "{\n,\n}", ",{}", "{},", '{"a":1,,}', '{"a":1, ,}', '{"a":1,\u00a0}'],
        *['{"a":1\u00a0,}', '{"a":1,}}', '{"a":1},', '{"a":{"b":1,}}', '{"a":[1,]}', '{"a":[1,}'],
        *['[{"a":1},]', '[{"a":1},}', "1,}", '{"a":1;}', '{"a":"b",}x', '{"a":"b,}', '{"a":"b}'],
        *['{"a":1,"b",}', '{"a":1,"b":,}', '{"a":1,}{"a":1,}', "{'a':1}", '{"a":1} // comment'],
        *['{"a":1 /* comment */}', "\ufeff\ufeff{}", " \ufeff{}", "payType=1&dealTime=2018", "<xml/>"],
    ],
    ids=short,
)
def test_nothing_else_that_is_not_json_is_tolerated(text: str) -> None:
    assert malformed(text) is malformed(text.encode()) is ErrorCode.NOT_JSON


def test_many_commas_are_not_one() -> None:
    for count in (2, 10, 60_000):
        assert malformed(GOOD[:-1] + b"," * count + b"}") is ErrorCode.NOT_JSON
