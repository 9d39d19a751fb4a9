"""The acknowledgement: one fixed answer, whatever the status (section 3.2, settled point 6)."""

from __future__ import annotations

import inspect
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs.exceptions import FrozenInstanceError

from skypay_payout import Acknowledgement, acknowledge
from skypay_payout._times import SKYPAY_ZONE

UTC8 = timezone(timedelta(hours=8))
PUBLISHED = datetime(2018, 6, 18, 17, 52, 10, 521100, tzinfo=UTC8)


def test_the_published_answer() -> None:
    assert acknowledge(PUBLISHED).to_dict() == {
        "responseTime": "2018-06-18 17:52:10.5211",
        "responseCode": "1000",
        "responseDescription": "Success",
    }


def test_the_answer_as_a_body() -> None:
    assert acknowledge(PUBLISHED).to_json() == (
        b'{"responseTime":"2018-06-18 17:52:10.5211","responseCode":"1000","responseDescription":"Success"}'
    )


def test_the_members_stand_in_the_order_of_the_specification() -> None:
    answer = acknowledge()
    assert list(answer.to_dict()) == ["responseTime", "responseCode", "responseDescription"]
    assert json.loads(answer.to_json()) == answer.to_dict()


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (PUBLISHED.replace(microsecond=0), "2018-06-18 17:52:10.0000"),
        (PUBLISHED.replace(microsecond=99), "2018-06-18 17:52:10.0000"),
        (PUBLISHED.replace(microsecond=100), "2018-06-18 17:52:10.0001"),
        (PUBLISHED.replace(microsecond=521199), "2018-06-18 17:52:10.5211"),
        (PUBLISHED.replace(second=59, microsecond=999999), "2018-06-18 17:52:59.9999"),
        (datetime(2018, 12, 31, 23, 30, tzinfo=UTC), "2019-01-01 07:30:00.0000"),
        (datetime(2018, 6, 18, 2, 52, 10, tzinfo=timezone(timedelta(hours=-7))), "2018-06-18 17:52:10.0000"),
        (datetime(987, 1, 2, 3, 4, 5, 60000, tzinfo=UTC8), "0987-01-02 03:04:05.0600"),
    ],
)
def test_the_response_time_is_utc8_with_four_digits_truncated(at: datetime, text: str) -> None:
    assert acknowledge(at).to_dict()["responseTime"] == text


def test_without_a_time_the_answer_is_given_now() -> None:
    before = datetime.now(UTC)
    at = acknowledge().response_time
    assert before <= at <= datetime.now(UTC)
    assert at.utcoffset() == timedelta(hours=8)


def test_no_argument_changes_the_code_or_the_text() -> None:
    assert list(inspect.signature(acknowledge).parameters) == ["at"]
    assert list(inspect.signature(Acknowledgement).parameters) == ["response_time"]
    answer = Acknowledgement(PUBLISHED)
    assert (answer.response_code, answer.response_description) == ("1000", "Success")
    with pytest.raises(FrozenInstanceError):
        answer.response_code = "2000"  # type: ignore[misc, assignment]


@pytest.mark.parametrize("build", [acknowledge, Acknowledgement])
def test_a_time_that_names_no_instant_is_wrong_use(build: type[Acknowledgement]) -> None:
    with pytest.raises(ValueError, match=r"^a naive datetime names no instant; give it a zone"):
        build(datetime(2018, 6, 18))
    with pytest.raises(TypeError, match="^a time is an aware datetime, not str$"):
        build("2018-06-18 17:52:10.5211")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^the time cannot be told in UTC\+8"):
        build(datetime.max.replace(tzinfo=UTC))


def test_an_answer_is_a_value() -> None:
    assert acknowledge(PUBLISHED) == acknowledge(PUBLISHED.astimezone(UTC))
    assert pickle.loads(pickle.dumps(acknowledge(PUBLISHED))) == acknowledge(PUBLISHED)  # noqa: S301


def test_a_time_of_another_class_is_asked_whether_it_is_aware() -> None:
    class Naive(datetime):
        def utcoffset(self) -> timedelta | None:
            return None

    with pytest.raises(ValueError, match="naive"):
        acknowledge(Naive(2018, 6, 18, 17, 52, 10, tzinfo=SKYPAY_ZONE))
